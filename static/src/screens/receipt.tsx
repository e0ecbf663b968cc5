/** Logging a receipt: photo first, the QR fills the form, the rules warn before the shop is left. */

import { useEffect, useRef, useState } from "preact/hooks";
import { say, t } from "../i18n";
import { nowUtc } from "../ids";
import { go } from "../router";
import type { Position } from "../rules/place";
import { NET_TYPES } from "../rules/qr";
import { db } from "../store/db";
import { dropShare } from "../store/inbox";
import type { Captured } from "../store/photo";
import { create, keepDraft, save, update } from "../store/save";
import { type Opened, openShare } from "../store/share";
import { all, one } from "../store/view";
import { wake } from "../sync/runner";
import { flushDrafts, useDraft } from "../ui/draft";
import { whyNotSaved } from "../ui/not-saved";
import { Choice, Field, Findings, minorOf, Top } from "../ui/parts";
import { NotAdded, Photos } from "../ui/photos";
import { Previews } from "../ui/preview";
import { ReadFromDocument } from "../ui/reading";
import { readQr } from "../ui/scan";
import { shareDraft } from "../ui/shared";
import {
  changedOnly,
  emptyForm,
  type Form,
  factsOf,
  formOf,
  fromQr,
  fromReading,
  overLimits,
  warn,
} from "./receipt-form";

const CATEGORIES = ["transport", "lodging", "meal", "tool", "parts", "other"];

interface Props {
  owner: string;
  /** A receipt that exists. */
  id?: string;
  /** What another app shared, to become a new receipt. */
  share?: string;
}

export function ReceiptScreen({ owner, id, share }: Props) {
  const record = one("receipt", id);
  const key = share ? shareDraft(owner, share) : `${owner}/receipt/${id ?? "new"}`;
  const form = useDraft<Form>(owner, key, record ? formOf(record) : emptyForm());
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const [said, setSaid] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Opened["refused"]>([]);
  const set = (part: Partial<Form>) => {
    if (form.value) form.value = { ...form.value, ...part };
  };
  const addPhoto = (photo: Captured) => {
    const known = (photos.value?.list ?? []).filter((other) => other.sha256 !== photo.sha256);
    photos.value = { list: [...known, photo] };
    if (!form.value?.captured_at) set({ captured_at: nowUtc() });
  };
  /** Fills the form from the invoice's QR on a picture. Gives whether there was one. */
  const readCode = async (photo: Captured) => {
    if (!photo.media_type.startsWith("image/")) {
      setSaid(t("receipt.document_added"));
      return false;
    }
    setSaid(t("receipt.reading"));
    const found = await readQr(new Blob([photo.bytes], { type: photo.media_type }));
    setSaid(found ? t("receipt.qr_read") : t("receipt.qr_none"));
    if (!found) return false;
    set(fromQr(found.text, found.qr));
    if (NET_TYPES.has(found.qr.type)) setSaid(t("receipt.qr_net"));
    return true;
  };
  const takeShare = async (shared: string) => {
    try {
      const opened = all("trip").length > 0 ? await openShare(owner, shared) : null;
      if (!opened) {
        if (!(await db.drafts.get(key))) go("today"); // it was saved or discarded, or there is no trip for it yet
        return;
      }
      setRefused(opened.refused);
      for (const photo of opened.taken) addPhoto(photo);
      if (opened.note && !form.value?.note) set({ note: opened.note });
      // The inbox lets go of the files only when the draft is on the disk with them.
      if (opened.taken.length > 0 || opened.note) {
        await keepDraft(owner, `${key}/photos`, { ...photos.value });
        await keepDraft(owner, key, { ...form.value });
      }
      await dropShare(shared);
      for (const photo of opened.taken) if (await readCode(photo)) break;
    } catch {
      setMessage(t("share.still_waits"));
    }
  };
  useOnce(share, Boolean(form.value && photos.value), takeShare);
  const values = form.value;
  if (!values || !photos.value) return null;
  const list = photos.value.list;
  const amount_minor = minorOf(values.amount);
  const facts = factsOf(values, amount_minor ?? 0);
  const trip = one("trip", values.trip_id);
  const hasNumber = Boolean(facts.fapiao_number || facts.qr_text);
  const warnings =
    trip && values.issued_on
      ? [...(hasNumber ? warn(facts, trip, record) : []), ...overLimits(facts, trip, record)]
      : [];
  const submit = async (event: Event) => {
    event.preventDefault();
    if (amount_minor === null || amount_minor <= 0) return setMessage(say("finding.amount_invalid"));
    setBusy(true);
    await flushDrafts(); // no draft is written behind the save, to come back as a receipt that was begun
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
      setMessage(whyNotSaved(error));
    }
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={t("receipt.title")} back={["log"]} />
      <Previews of={record?.attachments} />
      <Photos
        photos={list}
        onAdd={(photo) => {
          addPhoto(photo);
          void readCode(photo);
        }}
        onRemove={(sha256) => {
          photos.value = { list: list.filter((photo) => photo.sha256 !== sha256) };
        }}
      />
      <NotAdded files={refused} />
      {said && (
        <p role="status" class="soft" data-testid="qr-said">
          {said}
        </p>
      )}
      {record && (
        <ReadFromDocument
          receipt={record}
          typed={{ ...facts, amount_minor, seller_name: values.seller_name }}
          onTake={(difference) => set(fromReading(difference))}
        />
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
      {values.category === "lodging" && (
        <Field
          label={say("field.nights")}
          name="nights"
          mode="numeric"
          value={values.nights}
          onValue={(nights) => set({ nights })}
        />
      )}
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

/** Runs once, as soon as the form is open. */
function useOnce(share: string | undefined, isOpen: boolean, run: (share: string) => Promise<unknown>): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (!share || !isOpen || isDone.current) return;
    isDone.current = true;
    void run(share);
  }, [share, isOpen]);
}
