/** The days of an allowance that was claimed already: changed here, while it may be, also without network. */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { newId, nowUtc } from "../ids";
import { go } from "../router";
import { allowanceMinor } from "../rules/allowance";
import { db, type StoredChange } from "../store/db";
import { save, update } from "../store/save";
import { one, world } from "../store/view";
import { wake } from "../sync/runner";
import { AllowanceFields, outcomeOf } from "../ui/allowance";
import { whyNotSaved } from "../ui/not-saved";
import { Top } from "../ui/parts";
import { changedOnly } from "./receipt-form";

export function AllowanceScreen({ owner, id }: { owner: string; id: string }) {
  const receipt = one("receipt", id);
  const [span, setSpan] = useState({
    first: String(receipt?.issued_on ?? ""),
    last: String(receipt?.allowance_until ?? ""),
  });
  const [message, setMessage] = useState("");
  if (!receipt) return <Top title={say("category.allowance")} back={["log"]} />;
  const outcome = outcomeOf(span, one("trip", receipt.trip_id as string), id);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("code" in outcome) return;
    const amount_minor = allowanceMinor(outcome);
    const fields = changedOnly(receipt, { issued_on: span.first, allowance_until: span.last, amount_minor });
    try {
      await save(owner, [update("receipt", receipt, fields)]);
      const isLeft = await claimAgain(id, amount_minor);
      wake();
      if (isLeft) go("claim");
      else history.back();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={say("category.allowance")} back={["claims"]} />
      <AllowanceFields span={span} onSpan={setSpan} outcome={outcome} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="submit" class="primary wide" disabled={"code" in outcome} data-testid="allowance-save">
        {t("app.save")}
      </button>
    </form>
  );
}

/**
 * A line that was refused because of its days is sent again with its claim. Where the claim has gone without it, the line
 * is given up, so that a new claim can take the allowance: true then.
 */
async function claimAgain(receiptId: string, amount_minor: number): Promise<boolean> {
  const refused = world.value.changes.filter((change) => change.state === "rejected");
  const line = refused.find(
    ({ entity, op, fields }) => entity === "claim_line" && op === "create" && fields.receipt_id === receiptId,
  );
  if (line?.order === undefined) return false;
  const claims = refused.filter(
    ({ entity, record_id }) => entity === "claim" && record_id === line.fields.claim_id,
  );
  if (claims.length === 0) {
    await db.changes.delete(line.order);
    return true;
  }
  await sendBehind([{ ...line, fields: { ...line.fields, amount_minor } }, ...claims]);
  return false;
}

/** Sends rejected changes once more as new ones, behind everything that was saved meanwhile. */
async function sendBehind(changes: StoredChange[]): Promise<void> {
  await db.transaction("rw", db.changes, async () => {
    for (const { order, ...change } of changes) {
      if (order === undefined) continue;
      await db.changes.delete(order);
      const fresh = {
        change_id: newId(),
        made_at: nowUtc(),
        state: "waiting" as const,
        code: "",
        errors: {},
      };
      await db.changes.add({ ...change, ...fresh });
    }
  });
}
