/** Logging a receipt: photo first, the QR fills the form, the rules warn before the shop is left. */
import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { localDate, nowUtc } from "../ids";
import { go } from "../router";
import { identityOf, type Position, type Stop } from "../rules/place";
import { type FapiaoQr, NET_TYPES } from "../rules/qr";
import { receiptWarnings } from "../rules/warnings";
import type { Captured } from "../store/photo";
import { create, SaveFailed, save, update } from "../store/save";
import { all, one, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { useDraft } from "../ui/draft";
import { Choice, Field, Findings, minorOf, Preview, Top, typedOf } from "../ui/parts";
import { Photos } from "../ui/photos";
import { readQr } from "../ui/scan";

const CATEGORIES = ["transport", "lodging", "meal", "tool", "parts", "other"];

interface Form {
  trip_id: string;
  category: string;
  amount: string;
  issued_on: string;
  seller_name: string;
  seller_tax_id: string;
  fapiao_code: string;
  fapiao_number: string;
  qr_text: string;
  note: string;
  captured_at: string;
  position: Position | null;
}

export function ReceiptScreen({ owner, id }: { owner: string; id?: string }) {
  const record = one("receipt", id);
  const key = `${owner}/receipt/${id ?? "new"}`;
  const form = useDraft<Form>(owner, key, record ? formOf(record) : emptyForm());
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const [said, setSaid] = useState("");
  const [isBusy, setBusy] = useState(false);
  const values = form.value;
  if (!values || !photos.value) return null;
  const set = (part: Partial<Form>) => {
    form.value = { ...(form.value ?? values), ...part };
  };
  const list = photos.value.list;
  const onPhoto = async (photo: Captured, file: File) => {
    const now = photos.value?.list ?? [];
    photos.value = { list: [...now.filter((known) => known.sha256 !== photo.sha256), photo] };
    if (!form.value?.captured_at) set({ captured_at: nowUtc() });
    setSaid(t("receipt.reading"));
    const found = await readQr(file);
    setSaid(found ? t("receipt.qr_read") : t("receipt.qr_none"));
    if (!found) return;
    set(fromQr(found.text, found.qr));
    if (NET_TYPES.has(found.qr.type)) setSaid(t("receipt.qr_net"));
  };
  const amount_minor = minorOf(values.amount);
  const facts = factsOf(values, amount_minor ?? 0);
  const trip = one("trip", values.trip_id);
  const warnings =
    trip && values.issued_on && (facts.fapiao_number || facts.qr_text) ? warn(facts, trip, id) : [];
  const submit = async (event: Event) => {
    event.preventDefault();
    if (amount_minor === null || amount_minor <= 0) return setMessage(say("finding.amount_invalid"));
    setBusy(true);
    try {
      const attachments = [
        ...((record?.attachments as string[]) ?? []),
        ...list.map((photo) => photo.sha256),
      ];
      const { amount_minor: minor, ...rest } = facts;
      const fields = {
        ...rest,
        amount_minor: minor,
        trip_id: values.trip_id,
        seller_name: values.seller_name,
      };
      const all = { ...fields, note: values.note, captured_at: values.captured_at, attachments };
      const wish = record ? update("receipt", record, changedOnly(record, all)) : create("receipt", all);
      await save(owner, [wish], list, key);
      wake();
      go("log");
    } catch (error) {
      setMessage(t(error instanceof SaveFailed ? `app.${error.code}` : "app.storage_broken"));
    }
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={t("receipt.title")} back={["log"]} />
      <div class="photos">
        {((record?.attachments as string[]) ?? []).map((sha256) => (
          <Preview key={sha256} sha256={sha256} />
        ))}
      </div>
      <Photos
        photos={list}
        onAdd={(photo, file) => void onPhoto(photo, file)}
        onRemove={(sha256) => {
          photos.value = { list: list.filter((photo) => photo.sha256 !== sha256) };
        }}
      />
      {said && (
        <p role="status" class="soft" data-testid="qr-said">
          {said}
        </p>
      )}
      <TripChoice value={values.trip_id} onValue={(trip_id) => set({ trip_id })} />
      <Choice
        label={say("field.category")}
        name="category"
        value={values.category}
        options={CATEGORIES.map((category) => [category, say(`category.${category}`)])}
        onValue={(category) => set({ category })}
      />
      <div class="row">
        <div class="grow">
          <Field
            label={t("receipt.amount")}
            name="amount"
            mode="decimal"
            required
            value={values.amount}
            onValue={(amount) => set({ amount })}
          />
        </div>
        <div class="grow">
          <Field
            label={say("field.issued_on")}
            name="issued_on"
            type="date"
            required
            value={values.issued_on}
            onValue={(issued_on) => set({ issued_on })}
          />
        </div>
      </div>
      <Field
        label={say("field.fapiao_number")}
        name="fapiao_number"
        mode="numeric"
        value={values.fapiao_number}
        onValue={(fapiao_number) => set({ fapiao_number })}
      />
      <Field
        label={say("field.fapiao_code")}
        name="fapiao_code"
        mode="numeric"
        value={values.fapiao_code}
        onValue={(fapiao_code) => set({ fapiao_code })}
      />
      <Field
        label={say("field.seller_name")}
        name="seller_name"
        value={values.seller_name}
        onValue={(seller_name) => set({ seller_name })}
      />
      <Field
        label={say("field.seller_tax_id")}
        name="seller_tax_id"
        value={values.seller_tax_id}
        onValue={(seller_tax_id) => set({ seller_tax_id })}
      />
      <Field label={say("field.note")} name="note" value={values.note} onValue={(note) => set({ note })} />
      <PositionButton position={values.position} onPosition={(position) => set({ position })} />
      {warnings.length > 0 && (
        <section aria-live="polite" data-testid="warnings">
          <h2>{t("receipt.warnings")}</h2>
          <Findings findings={warnings} />
        </section>
      )}
      {message && (
        <p class="flash" role="alert" data-testid="form-error">
          {message}
        </p>
      )}
      <button
        type="submit"
        class="primary wide"
        disabled={isBusy || !values.trip_id}
        data-testid="receipt-save"
      >
        {t("app.save")}
      </button>
    </form>
  );
}

/** The trip that something belongs to. */
export function TripChoice({ value, onValue }: { value: string; onValue: (id: string) => void }) {
  const trips = all("trip").reverse();
  return (
    <Choice
      label={say("field.trip_id")}
      name="trip_id"
      value={value}
      options={trips.map((trip) => [trip.id, String(trip.purpose)])}
      onValue={onValue}
    />
  );
}

function PositionButton({
  position,
  onPosition,
}: {
  position: Position | null;
  onPosition: (at: Position) => void;
}) {
  const [failed, setFailed] = useState(false);
  const find = () => {
    setFailed(false);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) =>
        onPosition({ lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy) }),
      () => setFailed(true),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  };
  return (
    <p>
      <button type="button" onClick={find} data-testid="position">
        {position ? t("receipt.position_done", { accuracy: position.accuracy_m }) : t("receipt.position")}
      </button>
      {failed && <span class="soft"> {t("receipt.position_failed")}</span>}
    </p>
  );
}

function emptyForm(): Form {
  const today = localDate();
  const trips = all("trip").filter((trip) => trip.status !== "cancelled");
  const isNow = (trip: Shown) =>
    (trip.stops as Stop[]).some((stop) => stop.arrive_on <= today && today <= stop.leave_on);
  const trip = trips.find(isNow) ?? trips.at(-1);
  return {
    trip_id: trip?.id ?? "",
    category: "lodging",
    amount: "",
    issued_on: today,
    seller_name: "",
    seller_tax_id: "",
    fapiao_code: "",
    fapiao_number: "",
    qr_text: "",
    note: "",
    captured_at: "",
    position: null,
  };
}

function formOf(record: Shown): Form {
  const text = (name: string) => String(record[name] ?? "");
  return {
    trip_id: text("trip_id"),
    category: text("category"),
    amount: typedOf(record.amount_minor),
    issued_on: text("issued_on"),
    seller_name: text("seller_name"),
    seller_tax_id: text("seller_tax_id"),
    fapiao_code: text("fapiao_code"),
    fapiao_number: text("fapiao_number"),
    qr_text: text("qr_text"),
    note: text("note"),
    captured_at: text("captured_at"),
    position: (record.capture_position as Position | null) ?? null,
  };
}

function fromQr(text: string, qr: FapiaoQr): Partial<Form> {
  const isTotal = !NET_TYPES.has(qr.type) && qr.amount_minor !== null;
  const amount = isTotal ? { amount: typedOf(qr.amount_minor) } : {};
  return {
    qr_text: text,
    fapiao_code: qr.code,
    fapiao_number: qr.number,
    issued_on: qr.issued_on,
    ...amount,
  };
}

function factsOf(values: Form, amount_minor: number) {
  const { category, issued_on, seller_tax_id, fapiao_code, fapiao_number, qr_text, position } = values;
  return {
    category,
    issued_on,
    seller_tax_id,
    fapiao_code,
    fapiao_number,
    qr_text,
    amount_minor,
    capture_position: position,
  };
}

function warn(facts: ReturnType<typeof factsOf>, trip: Shown, id: string | undefined) {
  const stops = (trip.stops as (Stop & { site_id?: string })[]).map((stop) => ({
    ...stop,
    position: (one("site", stop.site_id)?.position as Position | null) ?? null,
  }));
  const others = all("receipt")
    .filter((receipt) => receipt.id !== id)
    .map((receipt) => ({
      fapiao_code: String(receipt.fapiao_code ?? ""),
      fapiao_number: String(receipt.fapiao_number ?? ""),
      issued_on: String(receipt.issued_on),
    }))
    .filter((other) => identityOf(other) !== "");
  return receiptWarnings(facts, { home_division: String(trip.home_division), stops }, others);
}

/** Only what the person altered goes out, so that others' edits of the same record stay. */
function changedOnly(record: Shown, fields: Record<string, unknown>): Record<string, unknown> {
  const differs = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(record[name]);
  return Object.fromEntries(Object.entries(fields).filter(differs));
}
