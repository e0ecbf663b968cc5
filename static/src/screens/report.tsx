/** The service report: saved at each field, filed when it says what REG-D6 asks for. */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { go } from "../router";
import type { Captured } from "../store/photo";
import { create, save, update } from "../store/save";
import { all, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { useDraft } from "../ui/draft";
import { whyNotSaved } from "../ui/not-saved";
import { Choice, Field, RecordStateBadge, Status, Top } from "../ui/parts";
import { Signature } from "../ui/signature";

interface Part {
  name: string;
  quantity: number;
  serial: string;
}

interface Form {
  work_order_id: string;
  trip_id: string;
  fault_cause: string;
  remedy: string;
  parts: Part[];
  is_none: boolean;
  customer_opinion: string;
  signer: string;
}

export function ReportScreen({ owner, orderId }: { owner: string; orderId?: string }) {
  const filed = all("service_report").find(
    (report) => report.work_order_id === orderId && report.status === "filed",
  );
  const draft = all("service_report").find(
    (report) => report.work_order_id === orderId && report.status === "draft",
  );
  if (filed) return <FiledReport report={filed} />;
  return <ReportForm key={orderId ?? "new"} owner={owner} orderId={orderId} record={draft} />;
}

function FiledReport({ report }: { report: Shown }) {
  return (
    <>
      <Top title={t("report.title")} back={["today"]} />
      <article class="card" data-testid="report-filed">
        <div class="spread">
          <Status status="filed" />
          <RecordStateBadge state={report.$state} />
        </div>
        <p>
          {say("field.fault_cause")}: {String(report.fault_cause)}
        </p>
        <p>
          {say("field.remedy")}: {String(report.remedy)}
        </p>
      </article>
    </>
  );
}

function ReportForm({
  owner,
  orderId,
  record,
}: {
  owner: string;
  orderId?: string | undefined;
  record: Shown | undefined;
}) {
  const orders = all("work_order").filter((order) => order.status !== "cancelled");
  const key = `${owner}/report/${orderId ?? "new"}`;
  const form = useDraft<Form>(owner, key, emptyForm(orderId ?? orders.at(-1)?.id ?? "", record));
  const [signature, setSignature] = useState<Captured | null>(null);
  const [message, setMessage] = useState("");
  const values = form.value;
  if (!values) return null;
  const set = (part: Partial<Form>) => {
    form.value = { ...values, ...part };
  };
  const fields = fieldsOf(values, signature, record);
  const missing = missingFrom(fields);
  const submit = async (status: "draft" | "filed") => {
    if (!values.trip_id || !values.work_order_id) return setMessage(say("error.required"));
    if (status === "filed" && missing.length > 0) {
      return setMessage(
        t("report.missing", { fields: missing.map((name) => say(`field.${name}`)).join(", ") }),
      );
    }
    const whole = { ...fields, status };
    try {
      const wish = record ? update("service_report", record, whole) : create("service_report", whole);
      await save(owner, [wish], signature ? [signature] : [], key);
      wake();
      go("today");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit("filed");
      }}
    >
      <Top title={t("report.title")} back={["today"]} />
      <Choice
        label={say("field.work_order_id")}
        name="work_order_id"
        value={values.work_order_id}
        options={orders.map((order) => [order.id, `${order.number} · ${order.problem}`])}
        onValue={(id) => set({ work_order_id: id, trip_id: tripFor(id) })}
      />
      <Choice
        label={say("field.trip_id")}
        name="trip_id"
        value={values.trip_id}
        options={all("trip").map((trip) => [trip.id, String(trip.purpose)])}
        onValue={(trip_id) => set({ trip_id })}
      />
      <Field
        label={say("field.fault_cause")}
        name="fault_cause"
        required
        multiline
        value={values.fault_cause}
        onValue={(fault_cause) => set({ fault_cause })}
      />
      <Field
        label={say("field.remedy")}
        name="remedy"
        required
        multiline
        value={values.remedy}
        onValue={(remedy) => set({ remedy })}
      />
      <Parts values={values} set={set} />
      <Field
        label={say("field.customer_opinion")}
        name="customer_opinion"
        required
        multiline
        value={values.customer_opinion}
        onValue={(customer_opinion) => set({ customer_opinion })}
      />
      <h2>{say("field.customer_signature")}</h2>
      <Signature onSigned={setSignature} />
      <Field
        label={t("report.sign_name")}
        name="signer"
        value={values.signer}
        onValue={(signer) => set({ signer })}
      />
      {message && (
        <p class="flash" role="alert" data-testid="form-error">
          {message}
        </p>
      )}
      <div class="row">
        <button type="button" class="grow" data-testid="report-save" onClick={() => void submit("draft")}>
          {t("app.save")}
        </button>
        <button type="submit" class="primary grow" data-testid="report-file">
          {t("report.file")}
        </button>
      </div>
    </form>
  );
}

function Parts({ values, set }: { values: Form; set: (part: Partial<Form>) => void }) {
  const change = (at: number, part: Partial<Part>) =>
    set({ parts: values.parts.map((known, place) => (place === at ? { ...known, ...part } : known)) });
  return (
    <fieldset>
      <legend>{say("field.parts_replaced")}</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={values.is_none}
          data-testid="parts-none"
          onChange={(event) => set({ is_none: event.currentTarget.checked, parts: [] })}
        />
        {t("report.no_parts")}
      </label>
      {values.parts.map((part, at) => (
        <div class="row" key={at}>
          <div class="grow">
            <Field
              label={t("report.part")}
              name={`part-${at}`}
              required
              value={part.name}
              onValue={(name) => change(at, { name })}
            />
          </div>
          <div class="grow">
            <Field
              label={say("field.quantity")}
              name={`part-quantity-${at}`}
              mode="numeric"
              required
              value={String(part.quantity)}
              onValue={(text) => change(at, { quantity: Number(text) || 1 })}
            />
          </div>
        </div>
      ))}
      {!values.is_none && (
        <button
          type="button"
          data-testid="part-add"
          onClick={() => set({ parts: [...values.parts, { name: "", quantity: 1, serial: "" }] })}
        >
          {t("report.add_part")}
        </button>
      )}
    </fieldset>
  );
}

function emptyForm(orderId: string, record: Shown | undefined): Form {
  const text = (name: string) => String(record?.[name] ?? "");
  const parts = (record?.parts_replaced as Part[] | null | undefined) ?? null;
  return {
    work_order_id: orderId,
    trip_id: text("trip_id") || tripFor(orderId),
    fault_cause: text("fault_cause"),
    remedy: text("remedy"),
    parts: parts ?? [],
    is_none: parts?.length === 0,
    customer_opinion: text("customer_opinion"),
    signer: text("customer_signature_name"),
  };
}

function tripFor(orderId: string): string {
  const trips = all("trip");
  const named = trips.find((trip) => (trip.work_order_ids as string[] | undefined)?.includes(orderId));
  return (named ?? trips.at(-1))?.id ?? "";
}

function fieldsOf(values: Form, signature: Captured | null, record: Shown | undefined) {
  const named = values.parts.filter((part) => part.name.trim() !== "");
  return {
    work_order_id: values.work_order_id,
    trip_id: values.trip_id,
    fault_cause: values.fault_cause,
    remedy: values.remedy,
    parts_replaced: values.is_none ? [] : named.length > 0 ? named : null,
    customer_opinion: values.customer_opinion,
    customer_signature:
      signature?.sha256 ?? (record?.customer_signature as string | null | undefined) ?? null,
    customer_signature_name: values.signer,
  };
}

function missingFrom(fields: ReturnType<typeof fieldsOf>): string[] {
  const names = ["fault_cause", "remedy", "parts_replaced", "customer_opinion"] as const;
  return names.filter((name) => {
    const value = fields[name];
    return value === null || (typeof value === "string" && value.trim() === "");
  });
}
