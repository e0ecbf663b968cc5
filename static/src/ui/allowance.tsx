/** The daily allowance: its days, preselected from the trip, and what they make by the rates that this phone knows. */
import { money, say, speakerOf } from "../i18n";
import { localDate } from "../ids";
import {
  type AllowanceDay,
  allowanceMinor,
  allowanceOf,
  daysBetween,
  firstShared,
  type NoAllowance,
} from "../rules/allowance";
import type { Limit } from "../rules/limits";
import type { Stop } from "../rules/place";
import { all, one, type Shown } from "../store/view";
import { Field } from "./parts";

export const words = speakerOf({
  choose: ["申领出差补贴（无需票据）", "Claim the daily allowance (no receipt needed)"],
  days: ["{count} 天，共 {amount}", "{count} days, {amount} in all"],
  first: ["补贴起始日", "First day of the allowance"],
  mend: ["修改补贴日期", "Change the days"],
  one_day: ["1 天，{amount}", "1 day, {amount}"],
});

/** The days that somebody wants an allowance for. */
export interface Span {
  first: string;
  last: string;
}

/** Days that are claimed already: an error's code, and the first of them. */
type Taken = { code: "allowance_day_taken"; day: string };
export type Outcome = AllowanceDay[] | NoAllowance | Taken;

/** Whether this phone knows of a rate at all; without one the company pays no allowance. */
export function isOffered(): boolean {
  return limits().some((limit) => limit.kind === "allowance_day" && limit.value !== null);
}

/** The first days of the trip in a row that are over or today and that nobody has claimed; null where there are none. */
export function freeSpan(trip: Shown | undefined): Span | null {
  const stops = stopsOf(trip);
  const first = stops.map((stop) => stop.arrive_on).sort()[0] ?? "";
  const leave = stops.map((stop) => stop.leave_on).sort();
  const last = [leave.at(-1) ?? "", localDate()].sort()[0] ?? "";
  const known = taken();
  const days = daysBetween(first, last);
  const begin = days.findIndex((day) => firstShared(day, day, known) === "");
  if (begin < 0) return null;
  const length = days.slice(begin).findIndex((day) => firstShared(day, day, known) !== "");
  const free = length < 0 ? days.slice(begin) : days.slice(begin, begin + length);
  return { first: String(free[0]), last: String(free.at(-1)) };
}

/** What the days make, or why they cannot be claimed. `id`: the allowance that is being changed. */
export function outcomeOf({ first, last }: Span, trip: Shown | undefined, id?: string): Outcome {
  const day = firstShared(first, last, taken(id));
  if (first && last && day) return { code: "allowance_day_taken", day };
  return allowanceOf(first, last, stopsOf(trip), limits());
}

/** Both ends of the days, and below them each day with its rate, or what stands against them. */
export function AllowanceFields(props: { span: Span; onSpan: (span: Span) => void; outcome: Outcome }) {
  const { span, onSpan, outcome } = props;
  return (
    <>
      <div class="row">
        <div class="grow">
          <Field
            label={words("first")}
            name="allowance_first"
            type="date"
            required
            value={span.first}
            onValue={(first) => onSpan({ ...span, first })}
          />
        </div>
        <div class="grow">
          <Field
            label={say("field.allowance_until")}
            name="allowance_until"
            type="date"
            required
            value={span.last}
            onValue={(last) => onSpan({ ...span, last })}
          />
        </div>
      </div>
      <div aria-live="polite" data-testid="allowance-outcome">
        {"code" in outcome ? (
          <p class="flash">{say(`error.${outcome.code}`, { day: outcome.day })}</p>
        ) : (
          <Days days={outcome} />
        )}
      </div>
    </>
  );
}

/** The days of an allowance in a claim: the server's, and before it has answered this phone's own. */
export function AllowanceDays({ receipt }: { receipt: Shown }) {
  const known = (receipt.allowance_days as AllowanceDay[] | null | undefined) ?? [];
  const span = [String(receipt.issued_on), String(receipt.allowance_until)] as const;
  const isCurrent = known[0]?.day === span[0] && known.at(-1)?.day === span[1];
  const days = isCurrent
    ? known
    : allowanceOf(...span, stopsOf(one("trip", receipt.trip_id as string)), limits());
  return "code" in days ? null : <Days days={days} />;
}

function Days({ days }: { days: AllowanceDay[] }) {
  const amount = money(allowanceMinor(days));
  return (
    <>
      <p>
        {days.length === 1 ? words("one_day", { amount }) : words("days", { count: days.length, amount })}
      </p>
      <ul class="soft" data-testid="allowance-days">
        {days.map((item) => (
          <li key={item.day}>
            {item.day} · {money(item.rate_minor)}
          </li>
        ))}
      </ul>
    </>
  );
}

/** The days of one's other allowances, but for those that were refused or taken back. */
function taken(except?: string): [string, string][] {
  const lines = all("claim_line").filter((line) => !line.reverses);
  const isOver = (id: string) => {
    const own = lines.filter((line) => line.receipt_id === id);
    return own.length > 0 && own.every((line) => line.status === "refused" || line.reversed_by);
  };
  return all("receipt")
    .filter((receipt) => receipt.category === "allowance" && receipt.id !== except && !isOver(receipt.id))
    .map((receipt) => [String(receipt.issued_on), String(receipt.allowance_until)]);
}

function stopsOf(trip: Shown | undefined): Stop[] {
  return trip?.status === "cancelled" ? [] : ((trip?.stops as Stop[] | undefined) ?? []);
}

function limits(): Limit[] {
  return all("limit") as unknown as Limit[];
}
