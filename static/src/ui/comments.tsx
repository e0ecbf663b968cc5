/** What finance and the technician write to each other on a claim; an answer is written without network, too. */

import { useState } from "preact/hooks";
import { language, t } from "../i18n";
import { create, save } from "../store/save";
import { all, one, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { useDraft } from "./draft";
import { whyNotSaved } from "./not-saved";
import { Field, nameOf, RecordStateBadge } from "./parts";

export function Comments({ owner, claimId }: { owner: string; claimId: string }) {
  const key = `${owner}/comment/${claimId}`;
  const draft = useDraft(owner, key, { text: "" });
  const [message, setMessage] = useState("");
  if (!draft.value) return null;
  const text = draft.value.text;
  const send = async () => {
    try {
      await save(owner, [create("comment", { claim_id: claimId, text: text.trim() })], [], key);
      draft.value = { text: "" };
      setMessage("");
      wake();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <section class="card" data-testid="comments">
      <h2>{t("comment.title")}</h2>
      {commentsOf(claimId).map((comment) => (
        <Comment key={comment.id} comment={comment} />
      ))}
      <Field
        label={t("comment.text")}
        name="comment"
        multiline
        required
        value={text}
        onValue={(next) => {
          draft.value = { text: next };
        }}
      />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button
        type="button"
        class="wide"
        disabled={!text.trim()}
        data-testid="comment-send"
        onClick={() => void send()}
      >
        {t("comment.send")}
      </button>
    </section>
  );
}

/** The comments on a claim, oldest first. */
export function commentsOf(claimId: string): Shown[] {
  return all("comment").filter((comment) => comment.claim_id === claimId);
}

function Comment({ comment }: { comment: Shown }) {
  const line = one("claim_line", comment.claim_line_id as string | null);
  const receipt = one("receipt", line?.receipt_id as string | undefined);
  return (
    <article class="comment" data-testid="comment">
      <p class="spread soft">
        <span>
          <strong>{String(comment.writer_name || t("comment.you"))}</strong>
          {receipt ? ` · ${nameOf("receipt", receipt)}` : ""}
          {comment.written_at ? ` · ${when(String(comment.written_at))}` : ""}
        </span>
        {comment.$state !== "server" && <RecordStateBadge state={comment.$state} />}
      </p>
      <p class="words">{String(comment.text)}</p>
    </article>
  );
}

function when(instant: string): string {
  const style = { dateStyle: "short", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language.value === "en" ? "en" : "zh-CN", style).format(new Date(instant));
}
