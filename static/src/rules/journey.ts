/** REG-D3 for tickets: the two ends of a journey against home, the stops, and the other tickets of the trip. */

import { prefectureOf } from "./divisions";
import type { Stop } from "./place";

/** Evidence of a place, as the server has it or as the phone reads it from the numbers. */
export interface PlaceEvidence {
  kind: string;
  source: string;
  value?: string;
  attachment?: string;
  confidence?: number;
  division?: string | null;
  granularity?: string | null;
  leg?: number;
  corroborated?: boolean;
  qr_type?: string;
}

/** A part of a journey between two prefectures. */
export type Leg = [start: string, end: string];

/** A trip's places; `legs` are those that its other receipts state. */
export interface TripPlaces {
  home_division: string;
  stops: Stop[];
  legs?: Leg[];
}

interface Ticket {
  departure: PlaceEvidence;
  destination: PlaceEvidence;
  day: string;
  ends: Leg;
}

type Found = { code: string; items: PlaceEvidence[] };

const READ = new Set(["xml", "ofd", "qr", "pdf", "ocr"]);
/** From this confidence on the server decides by what was read. */
export const SURE = 0.9;

/** Whether a machine read this off the document so clearly that it may decide. */
export function isSure(item: PlaceEvidence): boolean {
  return READ.has(item.source) && (item.confidence ?? 1) >= SURE;
}

/** What the stated ends say: null for nothing, undefined where no document states them for certain. */
export function journeyFinding(evidence: PlaceEvidence[], trip: TripPlaces): Found | null | undefined {
  const tickets = ticketsOf(evidence);
  if (tickets.length === 0) return undefined;
  const found = tickets.flatMap((ticket) => ofTicket(ticket, tickets, trip) ?? []);
  return found.find(({ code }) => code === "place_mismatch") ?? found[0] ?? null;
}

/** The legs that a receipt's documents state, as prefectures; those with an unknown end are left out. */
export function legsOf(evidence: PlaceEvidence[]): Leg[] {
  return ticketsOf(evidence).flatMap(({ ends }) => (ends[0] && ends[1] ? [ends] : []));
}

/** Where the trip's other tickets change: places between two of the trip's own; an excursion's end is none. */
export function placesOnTheWay(trip: TripPlaces): string[] {
  const own = ownOf(trip);
  const legs = trip.legs ?? [];
  const nodes = new Set(legs.flat());
  return [...nodes].filter((node) => !own.has(node) && reached(node, legs, own).size > 1).sort();
}

function ofTicket(ticket: Ticket, tickets: Ticket[], trip: TripPlaces): Found | null {
  const own = ownOf(trip);
  const items = [ticket.departure, ticket.destination];
  const [start, end] = ticket.ends;
  if (!start || !end) return { code: "place_unproven", items };
  if (own.has(start) && own.has(end)) {
    return isOutOfOrder(ticket, trip) ? { code: "leg_out_of_order", items } : null;
  }
  const others = [
    ...(trip.legs ?? []),
    ...tickets.filter((other) => other !== ticket).map(({ ends }) => ends),
  ];
  const ways = ticket.ends.map((node) => (own.has(node) ? new Set([node]) : reached(node, others, own)));
  const all = new Set(ways.flatMap((way) => [...way]));
  if (ways.every((way) => way.size > 0) && all.size > 1) return null;
  const isForeign = !own.has(start) && !own.has(end);
  return { code: isForeign ? "place_mismatch" : "leg_without_connection", items };
}

/** A way there after the stop was left, or a way home before it was reached. */
function isOutOfOrder({ ends: [start, end], day }: Ticket, trip: TripPlaces): boolean {
  if (!day || start === end) return false;
  const home = unit(trip.home_division);
  const there = trip.stops.filter((stop) => unit(stop.division_code) === end).map((stop) => stop.leave_on);
  const back = trip.stops.filter((stop) => unit(stop.division_code) === start).map((stop) => stop.arrive_on);
  if (start === home && there.length > 0) return there.every((left) => day > left);
  return end === home && back.length > 0 && back.every((arrived) => day < arrived);
}

/** The trip's own places that the legs lead to from a place, by changes only. */
function reached(from: string, legs: Leg[], own: Set<string>): Set<string> {
  const found = new Set<string>();
  const seen = new Set([from]);
  const waiting = [from];
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    for (const leg of legs) {
      const other = leg[0] === here ? leg[1] : leg[1] === here ? leg[0] : "";
      if (!other || seen.has(other)) continue;
      seen.add(other);
      if (own.has(other)) found.add(other);
      else waiting.push(other);
    }
  }
  return found;
}

function ownOf(trip: TripPlaces): Set<string> {
  return new Set([trip.home_division, ...trip.stops.map((stop) => stop.division_code)].map(unit));
}

function unit(code: string): string {
  return code ? (prefectureOf(code) ?? code) : "";
}

function ticketsOf(evidence: PlaceEvidence[]): Ticket[] {
  const legs = new Map<string, Map<string, PlaceEvidence>>();
  for (const item of evidence) {
    if (!["departure", "destination", "travel_on"].includes(item.kind) || !isSure(item)) continue;
    const key = `${item.attachment}/${item.source}/${item.leg ?? 0}`;
    legs.set(key, (legs.get(key) ?? new Map()).set(item.kind, item));
  }
  return [...legs.values()].flatMap((leg) => {
    const departure = leg.get("departure");
    const destination = leg.get("destination");
    if (!departure || !destination) return [];
    const ends: Leg = [unit(departure.division ?? ""), unit(destination.division ?? "")];
    return [{ departure, destination, day: leg.get("travel_on")?.value ?? "", ends }];
  });
}
