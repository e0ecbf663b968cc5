/**
 * Tools at the counter: how they are told apart (`server/tools/naming.py`; both pass the same vectors), and what is
 * wrong with a step as far as this phone knows. The server decides; this warns at once.
 */

export interface Purchase {
  id: string;
  name: string;
  model?: string;
  quantity: number;
  serial_numbers?: string[];
  technician_id?: string;
  trip_id?: string;
}

export interface Unit {
  id: string;
  tool_purchase_id?: string | null;
  label?: string;
  serial_number?: string;
  status?: string;
  shelf?: string;
  holder_id?: string | null;
  due_on?: string | null;
  stocked_in_at?: string;
  reimbursement?: string;
  calibration_due_on?: string | null;
}

export interface Issue {
  id: string;
  tool_unit_id: string;
  technician_id: string;
  due_on: string;
  status?: string;
  returned_shelf?: string;
}

const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const MISREAD: Record<string, string> = { O: "0", I: "1", L: "1" };

/** A serial number as it is compared: letters and figures only, full width or not, O as 0, I and L as 1. */
export function serialKey(text: string): string {
  const folded = text.normalize("NFKC").toUpperCase();
  return folded.replace(/[^\p{L}\p{N}]/gu, "").replace(/[OIL]/g, (letter) => MISREAD[letter] ?? letter);
}

/** A name and a model as they are compared: width, case, spaces and signs do not matter. */
export function kindKey(name: string, model: string): string {
  const fold = (text: string) => text.normalize("NFKC").toUpperCase().toLowerCase();
  return [name, model].map((part) => fold(part).replace(/[^\p{L}\p{N}]/gu, "")).join("|");
}

/** A shelf as it is kept: one spelling of each. */
export function normalShelf(text: string): string {
  return text.normalize("NFKC").toUpperCase().trim().split(/\s+/u).join(" ").slice(0, 40);
}

/** Our label for a unit, known before the server has it: `FC-` and eight characters from the random end of its id. */
export function labelOf(unit_id: string): string {
  return `FC-${short(unit_id)}`;
}

/** What a technician's phone shows for a purchase, and the counter scans. */
export function purchaseCode(purchase_id: string): string {
  return `FP-${short(purchase_id)}`;
}

/** The label of ours, or the code of a purchase, that a scanned text is; empty where it is none. */
export function codeIn(text: string): string {
  const key = text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "");
  const [, kind, rest] = new RegExp(`^(FC|FP)([${ALPHABET}]{8})$`).exec(key) ?? [];
  return rest ? `${kind}-${rest}` : "";
}

function short(id: string): string {
  let number = BigInt(`0x${id.replaceAll("-", "").slice(-14)}`);
  let characters = "";
  for (let at = 0; at < 8; at++) {
    characters += ALPHABET[Number(number % 30n)];
    number /= 30n;
  }
  return characters;
}

/** Whether the unit counts at all: one that was refused or cancelled never was, and its serial number is free. */
export function isReal(unit: Unit): boolean {
  return unit.status !== "refused" && unit.status !== "cancelled";
}

/** Whether the unit uses up one of those that were bought. One reported lost on the road does not yet. */
export function answers(unit: Unit): boolean {
  if (!isReal(unit)) return false;
  if (unit.status === "lost") return Boolean(unit.stocked_in_at);
  if (unit.status === "written_off")
    return Boolean(unit.stocked_in_at) || unit.reimbursement === "reimbursed";
  return true;
}

/** The label of a unit, also of one that is on this phone only. */
export function labelled(unit: Unit): string {
  return unit.label || labelOf(unit.id);
}

/** How many units of a purchase are back, as far as this phone knows. */
export function countBack(purchase: Purchase, units: Unit[]): number {
  return units.filter((unit) => unit.tool_purchase_id === purchase.id && answers(unit)).length;
}

/** Whether the tool of a check-out is still out; one made on this phone has no status yet. */
export function isOut(issue: Issue): boolean {
  return (issue.status ?? "out") === "out";
}

/** The unit as its last check-out leaves it, where the server has not followed yet; `isNew` is one not sent yet. */
export function unitNow<U extends Unit>(unit: U, issue: Issue | undefined, isNew = false): U {
  const { status } = unit;
  if (!issue || (status !== "stocked_in" && status !== "issued")) return unit;
  if (isOut(issue))
    return { ...unit, status: "issued", holder_id: issue.technician_id, due_on: issue.due_on };
  if (status === "stocked_in" && !isNew) return unit; // taken back long ago: it may have been moved since
  if (issue.status === "lost") return { ...unit, status: "lost" };
  const shelf = issue.returned_shelf || unit.shelf;
  return { ...unit, status: "stocked_in", holder_id: null, due_on: null, shelf };
}

export interface Warning {
  code:
    | "serial_taken"
    | "serial_issued"
    | "serial_twice"
    | "serial_of_other"
    | "serial_unexpected"
    | "more_than_bought"
    | "not_on_shelf"
    | "calibration_overdue";
  severity: "block" | "review";
  params: Record<string, string | number>;
}

/** What is wrong with stocking these serial numbers in for the purchase, as far as this phone knows. */
export function stockInWarnings(
  serials: string[],
  purchase: Purchase,
  units: Unit[],
  purchases: Purchase[],
): Warning[] {
  const keys = serials.map(serialKey);
  const warnings = serials.flatMap((serial, at) => {
    const key = keys[at] ?? "";
    if (!key || keys.indexOf(key) === at) return serialWarnings(serial, purchase, units, purchases);
    return [{ code: "serial_twice", severity: "block", params: { serial } } satisfies Warning];
  });
  const back = countBack(purchase, units);
  if (back + serials.length > purchase.quantity) {
    const params = { bought: purchase.quantity, returned: back };
    warnings.push({ code: "more_than_bought", severity: "block", params });
  }
  return warnings;
}

/** What is wrong with one serial number; `purchase` is null for a tool that was not bought on the road. */
export function serialWarnings(
  serial: string,
  purchase: Purchase | null,
  units: Unit[],
  purchases: Purchase[],
): Warning[] {
  const key = serialKey(serial);
  if (!key) return [];
  const taken = units.find((unit) => isReal(unit) && bears(unit, serial));
  if (taken) {
    const code = taken.status === "issued" ? "serial_issued" : "serial_taken";
    return [{ code, severity: "block", params: { serial, label: labelled(taken) } }];
  }
  if (purchase && expects(purchase, key)) return [];
  const other = purchases.find((known) => expects(known, key));
  if (other) return [{ code: "serial_of_other", severity: "review", params: { serial, name: other.name } }];
  const isUnexpected = (purchase?.serial_numbers ?? []).length > 0;
  return isUnexpected ? [{ code: "serial_unexpected", severity: "review", params: { serial } }] : [];
}

/** What is wrong with giving these units away today. */
export function issueWarnings(units: Unit[], today: string): Warning[] {
  return units.flatMap((unit): Warning[] => {
    const label = labelled(unit);
    if (unit.status !== "stocked_in") return [{ code: "not_on_shelf", severity: "block", params: { label } }];
    const date = unit.calibration_due_on ?? "";
    const isLate = date !== "" && date < today;
    return isLate ? [{ code: "calibration_overdue", severity: "block", params: { label, date } }] : [];
  });
}

function expects(purchase: Purchase, key: string): boolean {
  return (purchase.serial_numbers ?? []).some((serial) => serialKey(serial) === key);
}

/** Whether the unit has this serial number or label. */
function bears(unit: Unit, text: string): boolean {
  const label = codeIn(text);
  return label ? labelled(unit) === label : serialKey(unit.serial_number ?? "") === serialKey(text);
}

export interface Found<U extends Unit, P extends Purchase> {
  units: U[];
  purchases: P[];
}

/**
 * What a scanned or typed text means: a unit by its label or serial number; a purchase by its code, or because it
 * expects the serial number; else purchases by words of the tool or its technician.
 */
export function findTools<U extends Unit, P extends Purchase>(
  text: string,
  units: U[],
  purchases: P[],
  nameOf: (technician_id: string | undefined) => string,
): Found<U, P> {
  const key = serialKey(text);
  if (!key) return { units: [], purchases: [] };
  const code = codeIn(text);
  const found = units.filter((unit) => isReal(unit) && bears(unit, text));
  const expected = purchases.filter((purchase) =>
    code ? purchaseCode(purchase.id) === code : expects(purchase, key),
  );
  if (found.length + expected.length > 0) return { units: found, purchases: expected };
  const wanted = text.trim().toLowerCase();
  const names = (purchase: P) =>
    [purchase.name, purchase.model ?? "", nameOf(purchase.technician_id)].join("\n").toLowerCase();
  return { units: [], purchases: purchases.filter((purchase) => names(purchase).includes(wanted)) };
}

/** Days after a trip's end until its tools are overdue. */
const GRACE = 7;

/** When a purchase is due back at the counter, from its trip's stops; empty where the trip is unknown. */
export function dueOn(stops: { leave_on: string }[]): string {
  const last = stops
    .map((stop) => stop.leave_on)
    .sort()
    .at(-1);
  return last ? dayAfter(last, GRACE) : "";
}

/** The calendar date so many days later. */
export function dayAfter(date: string, days: number): string {
  const moment = new Date(`${date}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + days);
  return moment.toISOString().slice(0, 10);
}
