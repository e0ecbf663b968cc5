/** The daily travel allowance (REG-D3), as `server/claims/rules/allowance.py` has it. */
import { inForce, type Limit, tierOf } from "./limits";
import type { Stop } from "./place";

/** One day of an allowance: the city that counts, its tier, and the rate in minor units. */
export interface AllowanceDay {
  day: string;
  division_code: string;
  tier: number;
  rate_minor: number;
}

/** Why no allowance can be made of these days: an error's code, and the first day that it is about. */
export interface NoAllowance {
  code: "allowance_days_wrong" | "allowance_outside_trip" | "allowance_no_rate";
  day: string;
}

const MOST_DAYS = 366;

/** Every day from the first to the last with its rate, or why there is no allowance for them. */
export function allowanceOf(
  first: string,
  last: string,
  stops: Stop[],
  limits: Limit[],
): AllowanceDay[] | NoAllowance {
  const days = daysBetween(first, last);
  if (days.length === 0 || days.length > MOST_DAYS) return { code: "allowance_days_wrong", day: first };
  const rated: AllowanceDay[] = [];
  for (const day of days) {
    const cities = citiesOn(stops, day);
    if (cities.length === 0) return { code: "allowance_outside_trip", day };
    const rate = dearest(cities, limits, day);
    if (!rate?.rate_minor) return { code: "allowance_no_rate", day };
    rated.push(rate);
  }
  return rated;
}

/** What the days make together. */
export function allowanceMinor(days: AllowanceDay[]): number {
  return days.reduce((sum, day) => sum + day.rate_minor, 0);
}

/** The first day that one of the other spans holds as well; "" where there is none. */
export function firstShared(first: string, last: string, others: [first: string, last: string][]): string {
  const shared = others
    .filter(([begins, ends]) => begins <= last && first <= ends)
    .map(([begins]) => (begins > first ? begins : first));
  return shared.sort()[0] ?? "";
}

/** The days from the first to the last, both included; none where there is no such span. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  const end = Date.parse(`${last}T00:00:00Z`);
  for (let at = Date.parse(`${first}T00:00:00Z`); at <= end && days.length <= MOST_DAYS; at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

/** Where the person is on a day: at its stops, on the way from the one before, or nowhere on the trip. */
function citiesOn(stops: Stop[], day: string): string[] {
  const there = stops.filter((stop) => stop.arrive_on <= day && day <= stop.leave_on);
  if (there.length > 0 || !stops.some((stop) => stop.arrive_on > day)) {
    return there.map((stop) => stop.division_code);
  }
  const left = stops.filter((stop) => stop.leave_on < day);
  const last = left.reduce<Stop | undefined>(
    (latest, stop) => (latest && latest.leave_on >= stop.leave_on ? latest : stop),
    undefined,
  );
  return last ? [last.division_code] : [];
}

/** The highest rate of the day's cities: that of the city's tier, else the one of every city. */
function dearest(cities: string[], limits: Limit[], day: string): AllowanceDay | undefined {
  const known = cities.flatMap((division_code) => {
    const tier = tierOf(limits, division_code, day);
    const own = inForce(limits, "allowance_day", String(tier), day);
    const rate_minor = own ?? inForce(limits, "allowance_day", "", day);
    return rate_minor === null ? [] : [{ day, division_code, tier, rate_minor }];
  });
  return known.reduce<AllowanceDay | undefined>(
    (best, item) => (best && best.rate_minor >= item.rate_minor ? best : item),
    undefined,
  );
}
