/** The days of an allowance that was claimed already: changed here, while it may be, also without network. */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { go } from "../router";
import { allowanceMinor } from "../rules/allowance";
import { claimAgain } from "../store/again";
import { save, update } from "../store/save";
import { one } from "../store/view";
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
      const isLeft = await claimAgain(owner, id, amount_minor);
      wake();
      if (isLeft) go("claim", "of", receipt.trip_id as string);
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
