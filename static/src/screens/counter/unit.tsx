/** One unit: where it is, and every step that the counter may take with it. */

import { useEffect, useState } from "preact/hooks";
import { say, t } from "../../i18n";
import { go } from "../../router";
import { labelled, normalShelf, serialWarnings } from "../../rules/tools";
import { save, update } from "../../store/save";
import { wake } from "../../sync/runner";
import { whyNotSaved } from "../../ui/not-saved";
import { Choice, Field, RecordStateBadge, Status, Top } from "../../ui/parts";
import { Due, ShelfField, Warnings } from "./fields";
import { personName, purchases, type ShownUnit, toolOf, unitOf, units } from "./known";
import { CONDITIONS } from "./row";
import { isCameraOpen } from "./scanner";
import { TakeBack } from "./take-back";
import { w } from "./texts";

/** Steps that need a reason, by the state they start from. */
const STEPS: Record<string, string[]> = {
  stocked_in: ["in_repair", "lost", "cancelled"],
  in_repair: ["lost"],
  refused: ["cancelled"],
};

export function UnitScreen({ owner, id }: { owner: string; id: string }) {
  useEffect(() => {
    isCameraOpen.value = false; // nothing is scanned here, and the tool's label is still before the camera
  }, []);
  const unit = unitOf(id);
  if (!unit) {
    return (
      <>
        <Top title={w("unit.title")} back={["tools"]} />
        <p class="flash">{w("unit.gone")}</p>
      </>
    );
  }
  const status = unit.status ?? "stocked_in";
  const isBack = status === "in_repair" || status === "lost";
  return (
    <>
      <Top title={labelled(unit)} back={["tools"]} />
      <section class="card">
        <div class="spread">
          <p class="title name">{toolOf(unit)}</p>
          <Status status={status} />
        </div>
        <Facts unit={unit} />
        {unit.$state !== "server" && <RecordStateBadge state={unit.$state} />}
      </section>
      {unit.$state === "attention" && unit.version === 0 && <Mend owner={owner} unit={unit} />}
      {status === "issued" && <TakeBack owner={owner} unit={unit} />}
      {status === "stocked_in" && unit.$state !== "attention" && (
        <a class="button primary wide" href={`#/issue/${unit.id}`} data-testid="unit-issue">
          {w("unit.issue")}
        </a>
      )}
      {(status === "stocked_in" || isBack) && unit.version > 0 && (
        <Shelve owner={owner} unit={unit} isBack={isBack} />
      )}
      {stepsFrom(unit, status).map((step) => (
        <Step key={step} owner={owner} unit={unit} step={step} />
      ))}
    </>
  );
}

/** What this phone made and did not send yet can only be taken back. */
function stepsFrom(unit: ShownUnit, status: string): string[] {
  if (unit.version > 0) return STEPS[status] ?? [];
  return unit.$state === "attention" || status !== "stocked_in" ? [] : ["cancelled"];
}

function Facts({ unit }: { unit: ShownUnit }) {
  const bought = unit.technician_id ? w("unit.bought_by", { name: personName(unit.technician_id) }) : "";
  const held = unit.holder_id ? w("unit.held_by", { name: personName(unit.holder_id) }) : "";
  const lines = [
    unit.serial_number && `${say("field.serial_number")}: ${unit.serial_number}`,
    `${say("field.condition")}: ${say(`condition.${unit.condition ?? "good"}`)}`,
    unit.shelf && `${say("field.shelf")}: ${unit.shelf}`,
    bought,
    held,
    unit.calibration_due_on && w("unit.calibration", { date: unit.calibration_due_on }),
    unit.reason && `${say("field.reason")}: ${unit.reason}`,
  ];
  return (
    <>
      {lines.filter(Boolean).map((line) => (
        <p class="soft name" key={String(line)}>
          {line}
        </p>
      ))}
      {unit.due_on && <Due date={unit.due_on} />}
    </>
  );
}

/** Saves an update of the unit; gives what went wrong, in words. */
async function change(owner: string, unit: ShownUnit, fields: Record<string, unknown>): Promise<string> {
  try {
    await save(owner, [update("tool_unit", unit, fields)]);
    wake();
    return "";
  } catch (error) {
    return whyNotSaved(error);
  }
}

/** Condition and shelf of a unit that stands here; or of one that comes back from repair, or was found again. */
function Shelve({ owner, unit, isBack }: { owner: string; unit: ShownUnit; isBack: boolean }) {
  const [shelf, setShelf] = useState(unit.shelf ?? "");
  const [condition, setCondition] = useState(unit.condition ?? "good");
  const [message, setMessage] = useState("");
  const submit = async () => {
    const fields = { shelf: normalShelf(shelf), condition, ...(isBack ? { status: "stocked_in" } : {}) };
    setMessage((await change(owner, unit, fields)) || t("app.saved"));
  };
  return (
    <details class="card" open={isBack} data-testid="shelve">
      <summary>{w(isBack ? `unit.back_${unit.status as "lost" | "in_repair"}` : "unit.move")}</summary>
      <Choice
        label={say("field.condition")}
        name="condition"
        value={condition}
        options={CONDITIONS.map((known) => [known, say(`condition.${known}`)])}
        onValue={setCondition}
      />
      <ShelfField value={shelf} onValue={setShelf} />
      {message && <p role="status">{message}</p>}
      <button type="button" class="wide" data-testid="shelve-save" onClick={() => void submit()}>
        {w(isBack ? "unit.on_shelf" : "unit.change")}
      </button>
    </details>
  );
}

function Step({ owner, unit, step }: { owner: string; unit: ShownUnit; step: string }) {
  const [reason, setReason] = useState("");
  const [message, setMessage] = useState("");
  const submit = async () => {
    if (!reason.trim()) return setMessage(say("error.reason_required"));
    const failed = await change(owner, unit, { status: step, reason: reason.trim() });
    if (failed) setMessage(failed);
    else go("counter");
  };
  return (
    <details class="card" data-testid={`step-${step}`}>
      <summary>{w(`unit.step_${step as "lost" | "in_repair" | "cancelled"}`)}</summary>
      <Field
        label={say("field.reason")}
        name={`reason-${step}`}
        required
        value={reason}
        onValue={setReason}
      />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button
        type="button"
        class="danger wide"
        data-testid={`step-${step}-save`}
        onClick={() => void submit()}
      >
        {w(`unit.step_${step as "lost" | "in_repair" | "cancelled"}`)}
      </button>
    </details>
  );
}

/** A stocking-in that the server did not accept: put right here, it goes out again as one change. */
function Mend({ owner, unit }: { owner: string; unit: ShownUnit }) {
  const [serial, setSerial] = useState(unit.serial_number ?? "");
  const [message, setMessage] = useState("");
  const others = units().filter((other) => other.id !== unit.id);
  const bought = purchases().find((known) => known.id === unit.tool_purchase_id) ?? null;
  const submit = async () => {
    const failed = await change(owner, unit, { serial_number: serial.trim() });
    if (failed) setMessage(failed);
    else go("outbox");
  };
  return (
    <section class="card" data-testid="mend">
      <p class="flash">{w("unit.needs_you")}</p>
      <Field label={say("field.serial_number")} name="serial" value={serial} onValue={setSerial} />
      <Warnings warnings={serialWarnings(serial, bought, others, purchases())} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="button" class="primary wide" data-testid="mend-save" onClick={() => void submit()}>
        {w("unit.send_again")}
      </button>
      <p>
        <a href="#/outbox">{t("outbox.title")}</a>
      </p>
    </section>
  );
}
