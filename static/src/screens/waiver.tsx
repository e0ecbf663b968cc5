/** Asking for a waiver of one finding of a line, with reason and evidence; without network, too. */

import { useState } from "preact/hooks";
import { finding as findingWords, money, say, speakerOf, t } from "../i18n";
import { go } from "../router";
import type { Captured } from "../store/photo";
import { create, save } from "../store/save";
import { one } from "../store/view";
import { wake } from "../sync/runner";
import { useDraft } from "../ui/draft";
import { whyNotSaved } from "../ui/not-saved";
import { Field, type FindingLike, nameOf, Top } from "../ui/parts";
import { DraftPhotos } from "../ui/photos";
import { canAsk } from "../ui/waivers";

const words = speakerOf({
  evidence: ["证据", "Evidence"],
  evidence_hint: [
    "照片或文件，例如丢失证明、客户的说明、补开的票据。",
    "Photos or files: a report of the loss, the customer's word, a receipt issued anew.",
  ],
  lead: [
    "由经理决定，您和审批、付款的人都不能自己放行。没有网络也可以申请，联网后自动发出。",
    "The manager decides: neither you nor whoever approves or pays. You can ask without network; it is sent later.",
  ],
  not_needed: [
    "这一行目前不需要申请，或已经申请过。",
    "There is nothing to ask for here now, or you have asked already.",
  ],
  send: ["提交申请", "Send the request"],
  why: ["为什么应当放行", "Why it is right all the same"],
});

export function WaiverScreen({ owner, lineId, code }: { owner: string; lineId: string; code: string }) {
  const line = one("claim_line", lineId);
  const key = `${owner}/waiver/${lineId}/${code}`;
  const draft = useDraft(owner, key, { request: "" });
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const [isBusy, setBusy] = useState(false);
  if (!draft.value || !photos.value) return null;
  const request = draft.value.request;
  const list = photos.value.list;
  const back = line ? ["claim", String(line.claim_id)] : ["claims"];
  const found = ((line?.findings as FindingLike[] | undefined) ?? []).find((item) => item.code === code);
  if (!line || !found || !canAsk(line, code)) {
    return (
      <>
        <Top title={t("waiver.ask")} back={back} />
        <p class="card empty">{words("not_needed")}</p>
      </>
    );
  }
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const attachments = list.map((photo) => photo.sha256);
      const fields = { claim_line_id: lineId, finding_code: code, request: request.trim(), attachments };
      await save(owner, [create("waiver", fields)], list, key);
      wake();
      go(...back);
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
    setBusy(false);
  };
  const receipt = one("receipt", line.receipt_id as string);
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={t("waiver.ask")} back={back} />
      <section class="card">
        <h2>
          {receipt ? nameOf("receipt", receipt) : say("field.receipt_id")} ·{" "}
          {money(line.amount_minor, line.currency)}
        </h2>
        <ul class="warnings">
          <li class={found.severity ?? "review"}>
            {findingWords(found.code, found.params)}{" "}
            {found.article && <span class="soft">{found.article}</span>}
          </li>
        </ul>
        <p class="soft">{words("lead")}</p>
      </section>
      <Field
        label={words("why")}
        name="request"
        multiline
        required
        value={request}
        onValue={(next) => {
          draft.value = { request: next };
        }}
      />
      <h2>{words("evidence")}</h2>
      <p class="soft">{words("evidence_hint")}</p>
      <DraftPhotos draft={photos} />
      {message && (
        <p class="flash" role="alert" data-testid="form-error">
          {message}
        </p>
      )}
      <button
        type="submit"
        class="primary wide"
        disabled={isBusy || !request.trim()}
        data-testid="waiver-send"
      >
        {words("send")}
      </button>
    </form>
  );
}
