/** Counting a shelf, as `server/tools/counts.py` does it: what was scanned against what should lie there. */
import { codeIn, isReal, labelled, serialKey, type Unit } from "./tools";

export type Kind = "missing" | "misplaced" | "unexpected" | "unknown";
export type Step = "lost" | "here" | "left";

export interface Difference {
  difference: Kind;
  code: string;
  unit?: Unit;
  steps: Step[];
}

/** The unit that bears a scanned label or serial number. */
export function unitByCode<U extends Unit>(code: string, units: U[]): U | undefined {
  const label = codeIn(code);
  const byLabel = label ? units.find((unit) => labelled(unit) === label) : undefined;
  if (byLabel) return byLabel;
  const key = serialKey(code);
  const bearing = key ? units.filter((unit) => serialKey(unit.serial_number ?? "") === key) : [];
  return bearing.find(isReal) ?? bearing[0];
}

/**
 * What differs. `missing`: should be there, was not scanned; `misplaced`: belongs on another shelf; `unexpected`: is
 * in the books as issued, in repair, lost or written off; `unknown`: no unit has this label or serial number.
 */
export function findDifferences(shelf: string, counted: string[], units: Unit[]): Difference[] {
  const seen = new Set<string>();
  const found: Difference[] = [];
  for (const code of counted) {
    const unit = unitByCode(code, units);
    if (!unit) found.push({ difference: "unknown", code, steps: ["left"] });
    else if (seen.has(unit.id)) continue;
    else if (unit.status !== "stocked_in") found.push(differenceOf("unexpected", unit));
    else if (unit.shelf !== shelf) found.push(differenceOf("misplaced", unit));
    if (unit) seen.add(unit.id);
  }
  const due = units.filter((unit) => unit.status === "stocked_in" && unit.shelf === shelf);
  return [...found, ...due.filter((unit) => !seen.has(unit.id)).map((unit) => differenceOf("missing", unit))];
}

/** A unit that never came in, or that was written off or cancelled, is not put on a shelf by a count. */
function differenceOf(difference: Kind, unit: Unit): Difference {
  const status = unit.status ?? "";
  const cameIn = status === "issued" || status === "in_repair" || Boolean(unit.stocked_in_at);
  const canBeHere = cameIn && ["stocked_in", "issued", "in_repair", "lost"].includes(status);
  const isHere = difference !== "unexpected" || canBeHere;
  const steps: Step[] = difference === "missing" ? ["left", "lost"] : isHere ? ["here", "left"] : ["left"];
  return { difference, code: labelled(unit), unit, steps };
}
