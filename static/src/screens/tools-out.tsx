/** The technician's own tools: those bought that must come back (REG-A12), and those that the company gave out. */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { localDate } from "../ids";
import { type Issue, isOut, labelled, purchaseCode, type Unit } from "../rules/tools";
import { create, save, update, type Wish } from "../store/save";
import { all, one, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { Code } from "../ui/code";
import { whyNotSaved } from "../ui/not-saved";
import { Field, RecordStateBadge } from "../ui/parts";

export function ToolsOut({ owner }: { owner: string }) {
  const bought = all("tool_purchase").filter((tool) => back(tool) < Number(tool.quantity));
  const issued = (all("tool_issue") as (Shown & Issue)[]).filter(
    (issue) => issue.technician_id === owner && isOut(issue),
  );
  return (
    <>
      {issued.length > 0 && <h2>{t("today.issued")}</h2>}
      {issued
        .sort((a, b) => (a.due_on < b.due_on ? -1 : 1))
        .map((issue) => (
          <Issued key={issue.id} owner={owner} issue={issue} />
        ))}
      {bought.length > 0 && <h2>{t("today.tools")}</h2>}
      {bought.map((tool) => (
        <Bought key={tool.id} owner={owner} tool={tool} />
      ))}
    </>
  );
}

const back = (tool: Shown) => Number(tool.stocked_in_quantity ?? 0) + Number(tool.excused_quantity ?? 0);

function Issued({ owner, issue }: { owner: string; issue: Shown & Issue }) {
  const unit = one("tool_unit", issue.tool_unit_id) as (Shown & Unit) | undefined;
  const isLate = issue.due_on < localDate();
  return (
    <article class="card" data-testid="tool-issued">
      <div class="spread">
        <h3>
          {String(unit?.name ?? say("field.tool_unit_id"))} {String(unit?.model ?? "")}
        </h3>
        {issue.$state !== "server" && <RecordStateBadge state={issue.$state} />}
      </div>
      <p class="soft">{[unit && labelled(unit), unit?.serial_number].filter(Boolean).join(" · ")}</p>
      {isLate ? (
        <p>
          <span class="state bad long" data-testid="overdue">
            <span aria-hidden="true">!</span>
            {t("today.overdue", { date: issue.due_on })}
          </span>
        </p>
      ) : (
        <p class="soft">{t("today.due", { date: issue.due_on })}</p>
      )}
      <Loss owner={owner} wish={(note) => update("tool_issue", issue, { status: "lost", note })} />
    </article>
  );
}

function Bought({ owner, tool }: { owner: string; tool: Shown }) {
  const units = all("tool_unit").filter((unit) => unit.tool_purchase_id === tool.id);
  const lost = units.filter((unit) => unit.status === "lost" && !unit.stocked_in_at);
  const left = Number(tool.quantity) - back(tool) - lost.length;
  return (
    <article class="card" data-testid="tool-left">
      <div class="spread">
        <h3>
          {String(tool.name)} {String(tool.model ?? "")}
        </h3>
        <RecordStateBadge state={tool.$state} />
      </div>
      <p class="soft">
        {t("today.tools_left", { returned: Number(tool.stocked_in_quantity ?? 0), bought: tool.quantity })}
      </p>
      {units
        .filter((unit) => unit.status === "refused")
        .map((unit) => (
          <p class="flash" key={unit.id}>
            {t("today.tools_refused", { reason: unit.reason })}
          </p>
        ))}
      {lost.map((unit) => (
        <p class="hint" key={unit.id} data-testid="tool-lost">
          {t("today.tool_lost", { reason: unit.reason })}
        </p>
      ))}
      <Show id={tool.id} />
      {left > 0 && (
        <Loss
          owner={owner}
          wish={(reason) => create("tool_unit", { tool_purchase_id: tool.id, status: "lost", reason })}
        />
      )}
    </article>
  );
}

/** The code that the counter scans, so that nobody searches for the purchase. */
function Show({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)} data-testid="tool-code">
      <summary>{t("today.show_code")}</summary>
      {isOpen && <Code text={purchaseCode(id)} />}
    </details>
  );
}

function Loss({ owner, wish }: { owner: string; wish: (reason: string) => Wish }) {
  const [reason, setReason] = useState("");
  const [message, setMessage] = useState("");
  const report = async () => {
    if (!reason.trim()) return setMessage(`${say("field.reason")}: ${say("error.required")}`);
    try {
      await save(owner, [wish(reason.trim())]);
      wake();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <details data-testid="loss">
      <summary>{t("today.loss")}</summary>
      <p class="soft">{t("today.loss_hint")}</p>
      <Field label={say("field.reason")} name="loss-reason" required value={reason} onValue={setReason} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="button" class="danger wide" data-testid="loss-save" onClick={() => void report()}>
        {t("today.loss_save")}
      </button>
    </details>
  );
}
