/** Refusing a tool at the counter: the technician sees the reason, and the money stays blocked (REG-A12). */

import { useState } from "preact/hooks";
import { say } from "../../i18n";
import { go } from "../../router";
import type { Captured } from "../../store/photo";
import { create, save } from "../../store/save";
import { wake } from "../../sync/runner";
import { useDraft } from "../../ui/draft";
import { whyNotSaved } from "../../ui/not-saved";
import { Field } from "../../ui/parts";
import { DraftPhotos } from "../../ui/photos";
import type { ShownPurchase } from "./known";
import { w } from "./texts";

const REASONS = ["stock.reason_wrong", "stock.reason_broken", "stock.reason_incomplete"] as const;

interface Props {
  owner: string;
  bought: ShownPurchase;
}

export function Refusal({ owner, bought }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="card" data-testid="refusal" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{w("stock.refuse_open")}</summary>
      {isOpen && <Form owner={owner} bought={bought} />}
    </details>
  );
}

function Form({ owner, bought }: Props) {
  const key = `${owner}/refuse/${bought.id}`;
  const form = useDraft(owner, key, { reason: "", serial: "" });
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const values = form.value;
  const list = photos.value?.list;
  if (!values || !list) return null;
  const refuse = async () => {
    if (!values.reason.trim()) return setMessage(say("error.reason_required"));
    const fields = {
      tool_purchase_id: bought.id,
      serial_number: values.serial.trim(),
      status: "refused",
      reason: values.reason.trim(),
      attachments: list.map((photo) => photo.sha256),
    };
    try {
      await save(owner, [create("tool_unit", fields)], list, key);
      wake();
      go("counter");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <>
      <p class="row">
        {REASONS.map((reason) => (
          <button
            type="button"
            key={reason}
            data-testid={reason.replace(".", "-")}
            onClick={() => {
              form.value = { ...values, reason: w(reason) };
            }}
          >
            {w(reason)}
          </button>
        ))}
      </p>
      <Field
        label={w("stock.refuse_reason")}
        name="reason"
        required
        value={values.reason}
        onValue={(reason) => {
          form.value = { ...values, reason };
        }}
      />
      <Field
        label={say("field.serial_number")}
        name="refused-serial"
        value={values.serial}
        onValue={(serial) => {
          form.value = { ...values, serial };
        }}
      />
      <DraftPhotos draft={photos} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="button" class="danger wide" data-testid="refuse" onClick={() => void refuse()}>
        {w("stock.refuse")}
      </button>
      <p>
        <a href="#/take-in/wrong_tool" data-testid="take-in-wrong">
          {w("stock.take_in_wrong")}
        </a>
      </p>
    </>
  );
}
