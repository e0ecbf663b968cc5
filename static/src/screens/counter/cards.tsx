/** How a purchase on the road and a unit look in every list of the counter. */
import { say } from "../../i18n";
import { labelled } from "../../rules/tools";
import { RecordStateBadge, Status } from "../../ui/parts";
import { Due } from "./fields";
import {
  type Expected,
  personName,
  type ShownIssue,
  type ShownUnit,
  toolName,
  toolOf,
  unitOf,
} from "./known";
import { w } from "./texts";

export function ExpectedCard({ item, serial = "" }: { item: Expected; serial?: string }) {
  const { purchase: bought, back, technician, due_on } = item;
  return (
    <a
      class="card"
      href={`#/stock/${bought.id}${serial ? `/${encodeURIComponent(serial)}` : ""}`}
      data-testid="expected-item"
    >
      <div class="spread">
        <h3>{toolName(bought)}</h3>
        <span class="soft">{technician}</span>
      </div>
      <p class="soft">{w("expected.left", { returned: back, bought: bought.quantity })}</p>
      {due_on && <Due date={due_on} />}
    </a>
  );
}

export function UnitCard({ unit }: { unit: ShownUnit }) {
  const holder = unit.status === "issued" ? unit.holder_id : unit.technician_id;
  const details = [
    unit.serial_number,
    unit.shelf,
    say(`condition.${unit.condition ?? "good"}`),
    personName(holder),
  ];
  return (
    <a class="card" href={`#/unit/${unit.id}`} data-testid="unit-item">
      <div class="spread">
        <h3>
          {labelled(unit)} · {toolOf(unit)}
        </h3>
        <Status status={unit.status ?? "stocked_in"} />
      </div>
      <p class="soft">{details.filter(Boolean).join(" · ")}</p>
      {unit.$state !== "server" && <RecordStateBadge state={unit.$state} />}
    </a>
  );
}

/** A tool that is out with somebody. */
export function IssueCard({ issue }: { issue: ShownIssue }) {
  const unit = unitOf(issue.tool_unit_id);
  return (
    <a class="card" href={`#/unit/${issue.tool_unit_id}`} data-testid="issue-item">
      <div class="spread">
        <h3>{unit ? `${labelled(unit)} · ${toolOf(unit)}` : say("field.tool_unit_id")}</h3>
        <span class="soft">{personName(issue.technician_id)}</span>
      </div>
      <Due date={issue.due_on} />
      {issue.$state !== "server" && <RecordStateBadge state={issue.$state} />}
    </a>
  );
}
