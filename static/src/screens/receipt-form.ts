/** A receipt's form: how it begins, what it takes from a record or a QR code, and what it says as facts. */
import { localDate } from "../ids";
import { legsOf } from "../rules/journey";
import { type Limit, limitWarnings } from "../rules/limits";
import { identityOf, type Position, type Stop } from "../rules/place";
import { type FapiaoQr, TOTAL_TYPES } from "../rules/qr";
import { type Difference, type Evidence, fromDocuments } from "../rules/reading";
import { receiptWarnings } from "../rules/warnings";
import { all, one, type Shown } from "../store/view";
import { typedOf } from "../ui/parts";

export interface Form {
  trip_id: string;
  category: string;
  amount: string;
  issued_on: string;
  nights: string;
  seller_name: string;
  seller_tax_id: string;
  fapiao_code: string;
  fapiao_number: string;
  qr_text: string;
  note: string;
  captured_at: string;
  position: Position | null;
}

/** An empty form, for the trip that is under way. */
export function emptyForm(): Form {
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
    nights: "",
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

/** The form of a saved receipt. */
export function formOf(record: Shown): Form {
  const text = (name: string) => String(record[name] ?? "");
  return {
    trip_id: text("trip_id"),
    category: text("category"),
    amount: typedOf(record.amount_minor),
    issued_on: text("issued_on"),
    nights: record.nights ? text("nights") : "",
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

/** What a QR code fills in; the older kinds give no total. */
export function fromQr(text: string, qr: FapiaoQr): Partial<Form> {
  const isTotal = TOTAL_TYPES.has(qr.type) && qr.amount_minor !== null;
  const amount = isTotal ? { amount: typedOf(qr.amount_minor) } : {};
  return {
    qr_text: text,
    fapiao_code: qr.code,
    fapiao_number: qr.number,
    issued_on: qr.issued_on,
    ...amount,
  };
}

/** What the rules look at. */
export function factsOf(values: Form, amount_minor: number) {
  const { category, issued_on, seller_tax_id, fapiao_code, fapiao_number, qr_text, position } = values;
  return {
    category,
    issued_on,
    nights: category === "lodging" ? nightsOf(values.nights) : 0,
    seller_tax_id,
    fapiao_code,
    fapiao_number,
    qr_text,
    amount_minor,
    capture_position: position,
  };
}

/** What speaks against the receipt, before the shop is left. */
export function warn(facts: ReturnType<typeof factsOf>, trip: Shown, record: Shown | undefined) {
  const evidence = fromDocuments((record?.evidence as Evidence[] | null | undefined) ?? []);
  const stops = (trip.stops as (Stop & { site_id?: string })[]).map((stop) => ({
    ...stop,
    position: (one("site", stop.site_id)?.position as Position | null) ?? null,
  }));
  const others = all("receipt")
    .filter((receipt) => receipt.id !== record?.id)
    .map((receipt) => ({
      fapiao_code: String(receipt.fapiao_code ?? ""),
      fapiao_number: String(receipt.fapiao_number ?? ""),
      issued_on: String(receipt.issued_on),
    }))
    .filter((other) => identityOf(other) !== "");
  const tickets = all("receipt").filter(
    (receipt) => receipt.id !== record?.id && receipt.trip_id === trip.id && receipt.category === "transport",
  );
  const legs = tickets.flatMap((ticket) => legsOf((ticket.evidence as Evidence[] | null | undefined) ?? []));
  const places = { home_division: String(trip.home_division), stops, legs };
  return receiptWarnings({ ...facts, evidence }, places, others);
}

/** What is over the company's limits, by what this phone knows: its own receipts of the day or the trip. */
export function overLimits(facts: ReturnType<typeof factsOf>, trip: Shown, record: Shown | undefined) {
  const isSharing = (other: Shown) =>
    other.id !== record?.id &&
    other.category === facts.category &&
    (facts.category === "meal" ? other.issued_on === facts.issued_on : other.trip_id === trip.id) &&
    (!record || other.id < record.id);
  const spent = all("receipt")
    .filter(isSharing)
    .reduce((sum, other) => sum + Number(other.amount_minor), 0);
  const limits = all("limit") as unknown as Limit[];
  return limitWarnings(facts, trip.stops as Stop[], limits, spent);
}

/** Nights as people type them; 0 where it is no number of nights. */
function nightsOf(text: string): number {
  return /^[0-9]{1,3}$/.test(text.trim()) ? Math.min(366, Number(text)) : 0;
}

/** Only what the person altered goes out, so that others' edits of the same record stay. */
export function changedOnly(record: Shown, fields: Record<string, unknown>): Record<string, unknown> {
  const differs = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(record[name]);
  return Object.fromEntries(Object.entries(fields).filter(differs));
}

/** What a value that was read becomes in the form. */
export function fromReading({ field, read }: Difference): Partial<Form> {
  return field === "amount_minor" ? { amount: typedOf(Number(read.value)) } : { [field]: read.value };
}
