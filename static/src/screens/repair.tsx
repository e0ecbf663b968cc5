/** A claim that came back: which lines, and why; each is mended here, without network, and handed in again. */

import { useState } from "preact/hooks";
import { money, say, t } from "../i18n";
import { save, update, type Wish } from "../store/save";
import { all, one, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { words } from "../ui/allowance";
import { whyNotSaved } from "../ui/not-saved";
import { Field, minorOf, nameOf, typedOf } from "../ui/parts";
import { changedOnly } from "./receipt-form";

/** What is to be done with the claim as a whole. */
export function HandInAgain({ owner, claim, lines }: { owner: string; claim: Shown; lines: Shown[] }) {
  const [message, setMessage] = useState("");
  const count = lines.filter((line) => line.status === "returned").length;
  const handIn = async () => setMessage(await keep(owner, update("claim", claim, { status: "submitted" })));
  return (
    <section class="card" data-testid="claim-returned">
      <p>{t(count === 1 ? "claim.returned_one" : "claim.returned", { count })}</p>
      <button type="button" class="primary wide" data-testid="claim-again" onClick={() => void handIn()}>
        {t("claim.again")}
      </button>
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
    </section>
  );
}

/** Why one line came back, and everything of it that can be mended. */
export function Repair({ owner, line }: { owner: string; line: Shown }) {
  const [amount, setAmount] = useState(typedOf(line.amount_minor));
  const [note, setNote] = useState(String(line.note ?? ""));
  const [message, setMessage] = useState("");
  const [isSure, setSure] = useState(false);
  const minor = minorOf(amount);
  const isAllowance = one("receipt", line.receipt_id as string)?.category === "allowance";
  const changed = changedOnly(line, isAllowance ? { note } : { amount_minor: minor, note });
  const tools = all("tool_purchase").filter((tool) => tool.receipt_id === line.receipt_id);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!minor) return setMessage(say("finding.amount_invalid"));
    setMessage((await keep(owner, update("claim_line", line, changed))) || t("claim.mended"));
  };
  const withdraw: Wish = {
    entity: "claim_line",
    record_id: line.id,
    op: "delete",
    fields: {},
    base_version: line.version,
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <p class="flash" data-testid="return-reason">
        {t("claim.returned_because", { reason: line.return_reason })}
      </p>
      <p class="row">
        <a class="button" href={`#/receipt/${line.receipt_id}`} data-testid="repair-receipt">
          {isAllowance ? words("mend") : t("claim.mend_receipt")}
        </a>
        {tools.map((tool) => (
          <a class="button" key={tool.id} href={`#/tool/${tool.id}`} data-testid="repair-tool">
            {t("claim.mend_tool", { name: nameOf("tool_purchase", tool) })}
          </a>
        ))}
      </p>
      {!isAllowance && (
        <Field
          label={t("receipt.amount")}
          name={`amount-${line.id}`}
          mode="decimal"
          required
          value={amount}
          onValue={setAmount}
        />
      )}
      <Field label={say("field.note")} name={`note-${line.id}`} value={note} onValue={setNote} />
      <p class="row">
        <button type="submit" disabled={Object.keys(changed).length === 0} data-testid="line-save">
          {t("app.save")}
        </button>
        <button
          type="button"
          class="danger"
          data-testid="line-withdraw"
          onClick={() => (isSure ? void keep(owner, withdraw).then(setMessage) : setSure(true))}
        >
          {isSure
            ? t("claim.withdraw_sure", { amount: money(line.amount_minor, line.currency) })
            : t("claim.withdraw")}
        </button>
      </p>
      {message && (
        <p class="soft" role="status" data-testid="line-said">
          {message}
        </p>
      )}
    </form>
  );
}

/** Saves a wish. Gives why it was not saved, or nothing. */
async function keep(owner: string, wish: Wish): Promise<string> {
  try {
    await save(owner, [wish]);
    wake();
    return "";
  } catch (error) {
    return whyNotSaved(error);
  }
}
