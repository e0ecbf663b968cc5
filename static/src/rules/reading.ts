/** What the server read off a receipt's documents, and where that differs from what was typed. */
import { normal } from "./fapiao";
import type { PlaceEvidence } from "./journey";
import { SURE } from "./journey";

/** A fact that was read, as the server's `evidence` has it. Amounts are whole minor units as text. */
export interface Evidence extends PlaceEvidence {
  value: string;
}

/** The receipt's own fields, as they stand in its form. */
export interface Typed {
  fapiao_code: string;
  fapiao_number: string;
  issued_on: string;
  amount_minor: number | null;
  seller_name: string;
  seller_tax_id: string;
}

/** A field in which the document says another thing than the form, and what it says. */
export interface Difference {
  field: keyof Typed;
  read: Evidence;
}

export interface Leg {
  departure: string;
  destination: string;
  travel_on: string;
}

export type Sureness = "sure" | "likely" | "unsure";

/** Data comes first, then the code on the document, its text, and what a machine made out of a picture; as the server. */
const RANK: Record<string, number> = { xml: 0, ofd: 1, qr: 2, pdf: 3, ocr: 4, exif: 5 };
const FACTS = new Set([
  "document",
  "fapiao_code",
  "fapiao_number",
  "issued_on",
  "amount_total",
  "amount_net",
  "amount_tax",
  "buyer_name",
  "buyer_tax_id",
  "seller_name",
  "seller_tax_id",
  "item",
  "remark",
  "passenger",
  "travel_on",
  "taken_at",
]);
const PLACES = [
  "local_code",
  "fapiao_region",
  "service_place",
  "title",
  "seller_address",
  "seller_registration",
  "position",
];
const FIELDS: [field: keyof Typed, kind: string][] = [
  ["fapiao_number", "fapiao_number"],
  ["fapiao_code", "fapiao_code"],
  ["issued_on", "issued_on"],
  ["amount_minor", "amount_total"],
  ["seller_name", "seller_name"],
  ["seller_tax_id", "seller_tax_id"],
];
const LIKELY = 0.6;

/** For each kind of fact the one to believe: what is sure, then by its source, then by how sure the reader was. */
export function readFacts(evidence: readonly Evidence[]): Map<string, Evidence> {
  return best(evidence.filter((item) => FACTS.has(item.kind)));
}

/** The places that the document names, strongest first; what a person typed is none of them. */
export function readPlaces(evidence: readonly Evidence[]): Evidence[] {
  const found = best(evidence.filter((item) => PLACES.includes(item.kind) && item.division));
  const seen = evidence.filter((item) => item.kind === "reviewer");
  return [...PLACES.flatMap((kind) => found.get(kind) ?? []), ...seen];
}

/** What documents and people say, without what the server took from the numbers in the form: that may be old by now. */
export function fromDocuments(evidence: readonly Evidence[]): Evidence[] {
  return evidence.filter((item) => item.attachment || item.kind === "reviewer");
}

/** The parts of a journey in their order. */
export function readLegs(evidence: readonly Evidence[]): Leg[] {
  const numbers = new Set(
    evidence.filter((item) => item.kind === "departure" || item.kind === "destination").map(legOf),
  );
  return [...numbers]
    .sort((a, b) => a - b)
    .map((number) => {
      const found = best(evidence.filter((item) => legOf(item) === number));
      const value = (kind: string) => found.get(kind)?.value ?? "";
      return {
        departure: value("departure"),
        destination: value("destination"),
        travel_on: value("travel_on"),
      };
    });
}

/** Where the form says another thing than the document. An empty field differs as well: its value was read. */
export function differences(typed: Typed, evidence: readonly Evidence[]): Difference[] {
  const facts = readFacts(evidence);
  return FIELDS.flatMap(([field, kind]) => {
    const read = facts.get(kind);
    return read && !isSame(typed[field], read.value) ? [{ field, read }] : [];
  });
}

/** How sure the reader was, in three steps; from `sure` on, the server decides by it. */
export function sureness(item: Evidence): Sureness {
  const confidence = item.confidence ?? 1;
  if (confidence >= SURE) return "sure";
  return confidence >= LIKELY ? "likely" : "unsure";
}

function best(evidence: readonly Evidence[]): Map<string, Evidence> {
  const found = new Map<string, Evidence>();
  for (const item of evidence) {
    if (!item.value || !(item.source in RANK)) continue;
    const known = found.get(item.kind);
    if (!known || isBetter(item, known)) found.set(item.kind, item);
  }
  return found;
}

function isBetter(item: Evidence, known: Evidence): boolean {
  if (isSure(item) !== isSure(known)) return isSure(item);
  const byRank = (RANK[item.source] ?? 9) - (RANK[known.source] ?? 9);
  return byRank === 0 ? (item.confidence ?? 1) > (known.confidence ?? 1) : byRank < 0;
}

function isSure(item: Evidence): boolean {
  return (item.confidence ?? 1) >= SURE;
}

function legOf(item: Evidence): number {
  return item.leg ?? 0;
}

function isSame(typed: string | number | null, read: string): boolean {
  return typeof typed === "string" ? normal(typed) === normal(read) : typed === Number(read);
}
