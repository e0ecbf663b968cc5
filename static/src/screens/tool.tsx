/** Logging a tool that was bought on the road (REG-A12: it has to come back). */

import { useState } from "preact/hooks";
import { money, say, t } from "../i18n";
import { go } from "../router";
import type { Captured } from "../store/photo";
import { create, save, update } from "../store/save";
import { all, one, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { useDraft } from "../ui/draft";
import { whyNotSaved } from "../ui/not-saved";
import { Owned } from "../ui/owned";
import { Choice, Field, minorOf, nameOf, Top, typedOf } from "../ui/parts";
import { DraftPhotos } from "../ui/photos";
import { Previews } from "../ui/preview";
import { changedOnly } from "./receipt-form";

const EMPTY = { receipt_id: "", name: "", model: "", quantity: "1", price: "", serials: "" };

/** A tool to log, or one that was logged (`id`) to mend. */
export function ToolScreen({ owner, id }: { owner: string; id?: string }) {
  const record = one("tool_purchase", id);
  const kept = (record?.attachments as string[] | undefined) ?? [];
  const key = `${owner}/tool/${id ?? "new"}`;
  const form = useDraft(owner, key, record ? formOf(record) : EMPTY);
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const [isBusy, setBusy] = useState(false);
  const values = form.value;
  if (!values || !photos.value) return null;
  const list = photos.value.list;
  const set = (part: Partial<typeof EMPTY>) => {
    form.value = { ...values, ...part };
  };
  const receipts = all("receipt")
    .filter((receipt) => receipt.category === "tool")
    .reverse();
  const receipt = receipts.find((item) => item.id === values.receipt_id) ?? receipts[0];
  const submit = async (event: Event) => {
    event.preventDefault();
    const unit_price_minor = minorOf(values.price);
    const quantity = Number(values.quantity);
    if (unit_price_minor === null) return setMessage(say("finding.amount_invalid"));
    if (!Number.isInteger(quantity) || quantity < 1) {
      return setMessage(`${say("field.quantity")}: ${say("error.out_of_range")}`);
    }
    if (!receipt) return setMessage(t("tool.no_receipt"));
    setBusy(true);
    try {
      const fields = {
        trip_id: receipt.trip_id,
        receipt_id: receipt.id,
        name: values.name.trim(),
        model: values.model.trim(),
        quantity,
        unit_price_minor,
        currency: receipt.currency ?? "CNY",
        serial_numbers: values.serials.split(/[\n,，]/).flatMap((serial) => serial.trim() || []),
        attachments: [...kept, ...list.map((photo) => photo.sha256)],
      };
      const wish = record
        ? update("tool_purchase", record, changedOnly(record, fields))
        : create("tool_purchase", fields);
      await save(owner, [wish], list, key);
      wake();
      if (record) history.back();
      else go("today");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={t("tool.title")} back={["log"]} />
      {receipts.length === 0 ? (
        <p class="flash">{t("tool.no_receipt")}</p>
      ) : (
        <Choice
          label={t("tool.receipt")}
          name="receipt_id"
          value={receipt?.id ?? ""}
          options={receipts.map((item) => [
            item.id,
            `${nameOf("receipt", item)} · ${money(item.amount_minor)}`,
          ])}
          onValue={(receipt_id) => set({ receipt_id })}
        />
      )}
      <Field
        label={say("field.name")}
        name="name"
        required
        value={values.name}
        onValue={(name) => set({ name })}
      />
      <Field
        label={say("field.model")}
        name="model"
        value={values.model}
        onValue={(model) => set({ model })}
      />
      <Owned owner={owner} name={values.name} model={values.model} />
      <div class="row">
        <div class="grow">
          <Field
            label={say("field.quantity")}
            name="quantity"
            mode="numeric"
            required
            value={values.quantity}
            onValue={(quantity) => set({ quantity })}
          />
        </div>
        <div class="grow">
          <Field
            label={t("tool.price")}
            name="price"
            mode="decimal"
            required
            value={values.price}
            onValue={(price) => set({ price })}
          />
        </div>
      </div>
      <Field
        label={t("tool.serials")}
        name="serials"
        multiline
        value={values.serials}
        onValue={(serials) => set({ serials })}
      />
      <h2>{say("field.attachments")}</h2>
      <Previews of={kept} />
      <DraftPhotos draft={photos} />
      {message && (
        <p class="flash" role="alert" data-testid="form-error">
          {message}
        </p>
      )}
      <button type="submit" class="primary wide" disabled={isBusy || !receipt} data-testid="tool-save">
        {t("app.save")}
      </button>
    </form>
  );
}

/** The form of a saved tool. */
function formOf(record: Shown): typeof EMPTY {
  return {
    receipt_id: String(record.receipt_id ?? ""),
    name: String(record.name ?? ""),
    model: String(record.model ?? ""),
    quantity: String(record.quantity ?? 1),
    price: typedOf(record.unit_price_minor),
    serials: ((record.serial_numbers as string[] | undefined) ?? []).join("\n"),
  };
}
