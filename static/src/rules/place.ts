/** REG-D3 on the phone: does the receipt match the trip? The server judges; the phone warns before the shop is left. */

import { prefectureOf, samePrefecture } from "./divisions";
import { granularity, parseFapiao, type Region, registrationRegion } from "./fapiao";
import { isSure, journeyFinding, type PlaceEvidence, placesOnTheWay, type TripPlaces } from "./journey";
import { parseQr } from "./qr";

export interface Stop {
  division_code: string;
  arrive_on: string;
  leave_on: string;
  position?: Position | null;
  /** Other prefectures so near to the site that one may eat or sleep there. */
  neighbours?: string[];
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
  /** What the server read off the documents, once it has come back. */
  evidence?: PlaceEvidence[];
}

/** A finding as the server words it too: a code with its params. */
export interface Warning {
  code: string;
  params: Record<string, unknown>;
}

const FAR_KM = 100;
/** Kinds of evidence of where something was sold, the strongest first. */
const STRENGTH = ["service_place local_code title", "seller_address", "seller_name", "seller_registration"];
const RANK: Record<string, number> = { fapiao_region: STRENGTH.length };
for (const [rank, kinds] of STRENGTH.entries()) for (const kind of kinds.split(" ")) RANK[kind] = rank;
/** What the document calls it; the category is only what a person chose. */
const LODGING = ["住宿服务"];
const MEALS = ["餐饮服务"];
/** What belongs to the way but is sold where it stands. */
const PARKING = ["停车"];
/** Items whose seller says nothing of the place. */
const AGENCY = ["经纪代理服务", "旅游服务", "代订", "电信服务", "成品油", "预付卡"];

interface Case {
  receipt: ReceiptFacts;
  evidence: PlaceEvidence[];
  trip: TripPlaces;
}

type Found = { code: string; items: PlaceEvidence[] } | null;

/** What speaks against the receipt's place, or what is not proved. */
export function placeWarnings(receipt: ReceiptFacts, trip: TripPlaces): Warning[] {
  const given: Case = { receipt, evidence: [...readEvidence(receipt), ...(receipt.evidence ?? [])], trip };
  const reading = given.evidence.filter((item) => item.kind === "reviewer").at(-1);
  if (reading) {
    return isIn(reading, placesOf(given))
      ? []
      : [warning({ code: "place_mismatch", items: [reading] }, trip)];
  }
  const found = ofPlace(given);
  return found ? [warning(found, trip)] : ofPosition(given);
}

/** What the numbers and the QR say of the place, strongest first. */
export function readEvidence(receipt: ReceiptFacts): PlaceEvidence[] {
  const qr = parseQr(receipt.qr_text);
  const source = qr ? "qr" : "typed";
  const fapiao = parseFapiao(qr?.code ?? receipt.fapiao_code, qr?.number ?? receipt.fapiao_number);
  const found: PlaceEvidence[] = [];
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

function ofLocal(given: Case): Found {
  const places = placesOf(given);
  const items = itemsOf(given);
  const agreeing = items.filter((item) => isIn(item, places));
  const proofs = agreeing.filter(isProof);
  const against = againstOf(items, places);
  const readAgainst = against.filter(isProof);
  if (proofs.length > 0) {
    const elsewhere = (item: PlaceEvidence) => item.source !== "typed" && item.kind !== "fapiao_region";
    return ofProofs(
      given,
      proofs,
      items.filter((item) => elsewhere(item) && isElsewhere(item, places)),
    );
  }
  if (readAgainst.length > 0 && agreeing.every((item) => item.source === "typed")) {
    return ofElsewhere(given, readAgainst);
  }
  if (against.length > 0 && agreeing.length === 0) return ofElsewhere(given, against);
  const other = items.filter((item) => item.kind === "fapiao_region" && isElsewhere(item, places));
  if (other.length > 0) return { code: "place_other_province", items: other };
  return { code: "place_unproven", items };
}

/** Something proves a place of the trip; a stronger word for another place, sure or not, makes it doubtful. */
function ofProofs(given: Case, proofs: PlaceEvidence[], against: PlaceEvidence[]): Found {
  const strongest = Math.min(...proofs.map(rankOf));
  if (against.some((item) => rankOf(item) < strongest)) {
    return { code: "place_conflicting", items: [...proofs, ...against] };
  }
  const named = given.trip.stops.filter((stop) => proofs.some((item) => isIn(item, [stop.division_code])));
  return wasElsewhere(given, named) ? { code: "place_of_other_stop", items: proofs } : null;
}

function wasElsewhere({ receipt, trip }: Case, named: Stop[]): boolean {
  const day = receipt.issued_on;
  if (named.length === 0 || named.some((stop) => stop.arrive_on <= day && day <= stop.leave_on)) return false;
  return trip.stops.some((stop) => !named.includes(stop) && stop.arrive_on < day && day < stop.leave_on);
}

/** Everything that speaks names another place. */
function ofElsewhere(given: Case, against: PlaceEvidence[]): Found {
  if (says(given, AGENCY)) return { code: "place_unproven", items: against };
  const isHotel = given.receipt.category === "lodging" && !says(given, MEALS);
  if (isHotel && against.every(mayBeTheChain)) {
    return { code: "place_seller_elsewhere", items: against };
  }
  const neighbours = given.trip.stops.flatMap((stop) => stop.neighbours ?? []);
  const code = against.every((item) => isIn(item, neighbours)) ? "place_neighbouring" : "place_mismatch";
  return { code, items: against };
}

/** Print names only who billed: the line that names the hotel itself may be one that was not recognised. */
function mayBeTheChain(item: PlaceEvidence): boolean {
  return item.source === "ocr" && rankOf(item) >= 1;
}

function says({ evidence }: Case, words: string[]): boolean {
  const items = evidence.filter(({ kind }) => kind === "item").map(({ value = "" }) => value);
  return items.some((item) => words.some((word) => item.includes(word)));
}

/** By what the document is; the category that a person chose only says whether it belongs to the way. */
function ofPlace(given: Case): Found {
  if (given.receipt.category !== "transport") return ofLocal(given);
  const journey = journeyFinding(given.evidence, given.trip);
  if (journey !== undefined) return journey;
  return says(given, [...PARKING, ...LODGING, ...MEALS]) ? ofLocal(given) : ofRide(given);
}

function ofRide(given: Case): Found {
  const places = [...placesOf(given), ...placesOnTheWay(given.trip)];
  const kinds = ["local_code", "title", "fapiao_region"];
  const items = itemsOf(given).filter((item) => kinds.includes(item.kind));
  // The region of a ticket's number is that of one end at most, and says nothing of the other.
  const local = items.filter((item) => item.kind !== "fapiao_region");
  if (local.some((item) => isProof(item) && isIn(item, places))) return null;
  const against = againstOf(items, places);
  if (against.length > 0) return ofElsewhere(given, against);
  const other = items.filter((item) => isElsewhere(item, places));
  if (other.length > 0) return { code: "place_other_province", items: other };
  return { code: "place_unproven", items };
}

/** The picture was taken far from every site; at home or on the way it may well be taken. */
function ofPosition({ receipt, evidence, trip }: Case): Warning[] {
  const positions = evidence.filter((item) => item.kind === "position" && item.division);
  const usual = [trip.home_division, ...placesOnTheWay(trip)];
  if (positions.length > 0 && positions.every((item) => isIn(item, usual))) return [];
  const taken = receipt.capture_position;
  const sites = trip.stops.flatMap((stop) => stop.position ?? []);
  if (taken && sites.length > 0) {
    const nearest = Math.min(...sites.map((site) => distanceKm(taken, site)));
    if (nearest - taken.accuracy_m / 1000 <= FAR_KM) return [];
    return [{ code: "position_contradicts", params: { distance_km: Math.round(nearest) } }];
  }
  const around = [
    ...usual,
    ...trip.stops.flatMap((stop) => [stop.division_code, ...(stop.neighbours ?? [])]),
  ];
  const far = positions.filter((item) => !isIn(item, around));
  return far.length > 0 ? [warning({ code: "position_elsewhere", items: far }, trip)] : [];
}

function placesOf(given: Case): string[] {
  const { receipt, trip } = given;
  const stops = trip.stops.map((stop) => stop.division_code);
  const isWay = receipt.category === "transport" && !says(given, [...LODGING, ...MEALS]);
  return isWay ? [trip.home_division, ...stops] : stops;
}

/** The evidence of where something was sold. A remark counts for a hotel only: it names the guest's hotel there. */
function itemsOf({ receipt, evidence }: Case): PlaceEvidence[] {
  const isHotel = receipt.category === "lodging";
  const counts = ({ kind, division }: PlaceEvidence) =>
    kind in RANK && division && (isHotel || kind !== "service_place");
  return evidence.filter(counts);
}

function againstOf(items: PlaceEvidence[], places: string[]): PlaceEvidence[] {
  const speaks = (item: PlaceEvidence) => isProof(item) || item.source === "typed";
  return items.filter((item) => item.kind !== "fapiao_region" && isElsewhere(item, places) && speaks(item));
}

function rankOf(item: PlaceEvidence): number {
  return RANK[item.kind] ?? STRENGTH.length;
}

function warning({ code, items }: { code: string; items: PlaceEvidence[] }, trip: TripPlaces): Warning {
  const places = [...new Set(items.flatMap((item) => item.division || []))];
  return { code, params: { places, trip: trip.stops.map((stop) => stop.division_code) } };
}

function isIn(item: PlaceEvidence, places: string[]): boolean {
  const division = item.division ?? "";
  return places.some((place) => samePrefecture(division, place));
}

function isElsewhere(item: PlaceEvidence, places: string[]): boolean {
  const division = item.division ?? "";
  if (prefectureOf(division) === null) return !places.some((place) => sameProvince(division, place));
  return !isIn(item, places);
}

function isProof(item: PlaceEvidence): boolean {
  return isSure(item) || item.corroborated === true;
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
