/** The company's limits (REG-D3), as `server/claims/rules/within_limits.py` has them. */
import usual from "../../../server/claims/rules/city_tiers.json";
import { prefectureOf } from "./divisions";
import type { Stop, Warning } from "./place";

/** One limit from a day on; a value of null lifts it. */
export interface Limit {
  kind: string;
  subject: string;
  value: number | null;
  applies_from: string;
}

/** What of a receipt the limits look at; `nights` is 0 where nobody said. */
export interface Limited {
  category: string;
  amount_minor: number;
  issued_on: string;
  nights?: number;
}

const LOWEST_TIER = 3;
const USUAL: Record<string, number> = usual.tiers;

/** The value that holds on a day; null where there is no limit. */
export function inForce(limits: Limit[], kind: string, subject: string, day: string): number | null {
  const known = limits.filter(
    (limit) => limit.kind === kind && limit.subject === subject && limit.applies_from <= day,
  );
  known.sort((a, b) => (a.applies_from < b.applies_from ? -1 : 1));
  return known.at(-1)?.value ?? null;
}

/** What is over a limit of the receipt's day; `spent` is what others have taken of a limit that they share. */
export function limitWarnings(receipt: Limited, stops: Stop[], limits: Limit[], spent = 0): Warning[] {
  const { category, issued_on, nights = 0 } = receipt;
  const over = (code: string, limit: number | null, before = 0, more: Record<string, unknown> = {}) => {
    const left = Math.max(0, (limit ?? 0) - before);
    if (limit === null || receipt.amount_minor <= left) return [];
    const params = { claimed: receipt.amount_minor, limit, over: receipt.amount_minor - left, ...more };
    return [{ code, params }];
  };
  const found = over("over_receipt_limit", inForce(limits, "receipt", category, issued_on));
  if (category === "meal") {
    found.push(...over("over_day_limit", inForce(limits, "meal_day", "", issued_on), spent, { issued_on }));
  }
  if (category === "lodging") {
    const there = stops.filter((stop) => stop.arrive_on <= issued_on && issued_on <= stop.leave_on);
    const nightly = nightLimits(limits, there.length > 0 ? there : stops, issued_on);
    const night = nightly.length > 0 && nights > 0 ? Math.max(...nightly) * nights : null;
    found.push(...over("over_night_limit", night, 0, { nights }));
    found.push(...over("over_trip_nights_limit", wholeTrip(limits, stops, issued_on), spent));
  }
  return found;
}

function wholeTrip(limits: Limit[], stops: Stop[], day: string): number | null {
  const nightly = nightLimits(limits, stops, day);
  if (stops.length === 0 || nightly.length < stops.length) return null;
  return stops.reduce((sum, stop, index) => sum + (nightly[index] ?? 0) * nightsOf(stop), 0);
}

function nightLimits(limits: Limit[], stops: Stop[], day: string): number[] {
  return stops.flatMap((stop) => {
    const tier = tierOf(limits, stop.division_code, day);
    return inForce(limits, "lodging_night", String(tier), day) ?? [];
  });
}

/** The tier of a city on a day: the company's own word, else the usual one. */
export function tierOf(limits: Limit[], division: string, day: string): number {
  const prefecture = prefectureOf(division) ?? division;
  return inForce(limits, "city_tier", prefecture, day) ?? USUAL[prefecture] ?? LOWEST_TIER;
}

/** A stop of one day may need a bed as well. */
function nightsOf({ arrive_on, leave_on }: Stop): number {
  const days = (Date.parse(`${leave_on}T00:00:00Z`) - Date.parse(`${arrive_on}T00:00:00Z`)) / 86_400_000;
  return Math.max(1, Math.round(days));
}
