/** What is expected back, overdue first. */
import { useState } from "preact/hooks";
import { findTools, labelled } from "../../rules/tools";
import { Field, Top } from "../../ui/parts";
import { ExpectedCard, IssueCard } from "./cards";
import { expectedBack, personName, type ShownIssue, stillOut, toolOf, unitOf } from "./known";
import { w } from "./texts";

export function ExpectedScreen() {
  const [text, setText] = useState("");
  const items = expectedBack();
  const found = findTools(
    text,
    [],
    items.map((item) => item.purchase),
    personName,
  ).purchases;
  const shown = text.trim() ? items.filter((item) => found.includes(item.purchase)) : items;
  const out = stillOut().filter((issue) => names(issue).includes(text.trim().toLowerCase()));
  return (
    <>
      <Top title={w("expected.title")} />
      <Field label={w("expected.search")} name="search" value={text} onValue={setText} />
      <h2>{w("expected.bought")}</h2>
      {shown.length === 0 && <p class="card empty">{w("expected.empty")}</p>}
      {shown.map((item) => (
        <ExpectedCard key={item.purchase.id} item={item} />
      ))}
      <h2>{w("expected.issued")}</h2>
      {out.length === 0 && <p class="card empty">{w("expected.none_issued")}</p>}
      {out.map((issue) => (
        <IssueCard key={issue.id} issue={issue} />
      ))}
    </>
  );
}

function names(issue: ShownIssue): string {
  const unit = unitOf(issue.tool_unit_id);
  const texts = unit ? [labelled(unit), unit.serial_number, toolOf(unit)] : [];
  return [...texts, personName(issue.technician_id)].join("\n").toLowerCase();
}
