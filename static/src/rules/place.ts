/** REG-D3 on the phone: does the receipt match the trip? The server judges; the phone warns before the shop is left. */

import { prefectureOf, samePrefecture } from "./divisions";
import { granularity, parseFapiao, type Region, registrationRegion } from "./fapiao";
import { parseQr, RAIL } from "./qr";

export interface Stop {
  division_code: string;
  arrive_on: string;
  leave_on: string;
  position?: Position | null;
}

export interface Position {
  lat: number;
  lon: number;
  accuracy_m: number;
}

export interface ReceiptFacts {
  category: string;
  issued_on: string;
  amount_minor: number;
  seller_tax_id: string;
  fapiao_code: string;
  fapiao_number: string;
  qr_text: string;
  typed_division?: string | null;
  capture_position?: Position | null;
}

interface Evidence {
  kind: "fapiao_region" | "local_code" | "seller_registration" | "typed";
  source: "qr" | "typed";
  division: string;
  granularity: string;
  corroborated?: boolean;
  qr_type?: string;
}

/** A finding as the server words it too: a code with its params. */
export interface Warning {
  code: string;
  params: Record<string, unknown>;
}

const FAR_KM = 100;

/** What speaks against the receipt's place, or what is not proved. */
export function placeWarnings(receipt: ReceiptFacts, stops: Stop[], home: string): Warning[] {
  const evidence = readEvidence(receipt);
  const codes = stops.map((stop) => stop.division_code);
  const isTransport = receipt.category === "transport";
  const found = isTransport ? ofTransport(evidence, [home, ...codes]) : ofLocal(evidence, codes);
  if (found) {
    const places = found.items.map((item) => item.division);
    return [{ code: found.code, params: { places, trip: codes } }];
  }
  return ofPosition(receipt, stops);
}

/** What the numbers and the QR say of the place, strongest first. */
export function readEvidence(receipt: ReceiptFacts): Evidence[] {
  const qr = parseQr(receipt.qr_text);
  const source = qr ? "qr" : "typed";
  const fapiao = parseFapiao(qr?.code ?? receipt.fapiao_code, qr?.number ?? receipt.fapiao_number);
  const found: Evidence[] = [];
  if (fapiao?.region) {
    const kind = fapiao.kind === "local" ? "local_code" : "fapiao_region";
    found.push({ kind, source, ...at(fapiao.region), ...(qr ? { qr_type: qr.type } : {}) });
  }
  const seller = registrationRegion(receipt.seller_tax_id);
  if (seller) {
    const corroborated = Boolean(qr && fapiao?.region && sameProvince(fapiao.region[0], seller[0]));
    found.push({ kind: "seller_registration", source: "typed", ...at(seller), corroborated });
  }
  const typed = receipt.typed_division;
  if (typed) found.push({ kind: "typed", source: "typed", ...at([typed, granularity(typed)]) });
  return found;
}

type Found = { code: string; items: Evidence[] } | null;

function ofLocal(evidence: Evidence[], places: string[]): Found {
  const deep = evidence.filter((item) => item.kind !== "typed");
  const agreeing = deep.filter((item) => isIn(item, places));
  if (agreeing.some(isProof)) return null;
  const against = deep.filter((item) => item.kind !== "fapiao_region" && isElsewhere(item, places));
  if (against.length > 0 && agreeing.length === 0) return { code: "place_mismatch", items: against };
  const other = deep.filter((item) => item.kind === "fapiao_region" && isElsewhere(item, places));
  if (other.length > 0) return { code: "place_other_province", items: other };
  return { code: "place_unproven", items: deep };
}

function ofTransport(evidence: Evidence[], places: string[]): Found {
  const items = evidence.filter((item) => item.kind === "local_code" || item.kind === "fapiao_region");
  if (items.some((item) => item.qr_type === RAIL && !isElsewhere(item, places))) return null;
  if (items.some((item) => isProof(item) && isIn(item, places))) return null;
  const against = items.filter((item) => item.kind === "local_code" && isElsewhere(item, places));
  if (against.length > 0) return { code: "place_mismatch", items: against };
  const other = items.filter((item) => isElsewhere(item, places));
  if (other.length > 0) return { code: "place_other_province", items: other };
  return { code: "place_unproven", items };
}

function ofPosition(receipt: ReceiptFacts, stops: Stop[]): Warning[] {
  const taken = receipt.capture_position;
  const sites = stops.flatMap((stop) => stop.position ?? []);
  if (!taken || sites.length === 0) return [];
  const nearest = Math.min(...sites.map((site) => distanceKm(taken, site)));
  if (nearest - taken.accuracy_m / 1000 <= FAR_KM) return [];
  return [{ code: "position_contradicts", params: { distance_km: Math.round(nearest) } }];
}

function isIn(item: Evidence, places: string[]): boolean {
  return places.some((place) => samePrefecture(item.division, place));
}

function isElsewhere(item: Evidence, places: string[]): boolean {
  if (prefectureOf(item.division) === null) {
    return !places.some((place) => sameProvince(item.division, place));
  }
  return !isIn(item, places);
}

function isProof(item: Evidence): boolean {
  return item.source !== "typed" || item.corroborated === true;
}

function sameProvince(left: string, right: string): boolean {
  return left.slice(0, 2) === right.slice(0, 2);
}

function at([division, fineness]: Region) {
  return { division, granularity: fineness };
}

/** The way over the sphere (haversine formula). */
function distanceKm(left: Position, right: Position): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const half =
    Math.sin(rad(right.lat - left.lat) / 2) ** 2 +
    Math.cos(rad(left.lat)) * Math.cos(rad(right.lat)) * Math.sin(rad(right.lon - left.lon) / 2) ** 2;
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** The identity that is unique among all invoices, or '' where the numbers have no right form. */
export function identityOf(receipt: Pick<ReceiptFacts, "fapiao_code" | "fapiao_number">): string {
  return parseFapiao(receipt.fapiao_code, receipt.fapiao_number)?.identity ?? "";
}
