/** What was scanned on a shelf so far, and what is still to be found there. */
import { useState } from "preact/hooks";
import { type Difference, unitByCode } from "../../rules/stock-count";
import { labelled, serialKey } from "../../rules/tools";
import { toolOf, units } from "./known";
import { Scanner } from "./scanner";
import { w } from "./texts";

interface Props {
  shelf: string;
  counted: string[];
  differences: Difference[];
  onCounted: (counted: string[]) => void;
}

export function Counted({ shelf, counted, differences, onCounted }: Props) {
  const [said, setSaid] = useState("");
  const known = units();
  const add = (code: string) => {
    const unit = unitByCode(code, known);
    const isTwice = counted.some((other) => sameThing(other, code, unit?.id));
    setSaid(
      w(isTwice ? "count.twice" : unit ? "count.found" : "count.unknown", {
        code: unit ? labelled(unit) : code,
      }),
    );
    if (!isTwice) onCounted([...counted, code]);
  };
  const sameThing = (other: string, code: string, id: string | undefined) =>
    id
      ? unitByCode(other, known)?.id === id
      : serialKey(other) === serialKey(code) && other.trim() === code.trim();
  const due = known.filter((unit) => unit.status === "stocked_in" && unit.shelf === shelf);
  const missing = differences.filter((item) => item.difference === "missing");
  return (
    <>
      <Scanner label={w("count.scan")} onCode={add} />
      <p role="status" data-testid="count-said">
        {said}
      </p>
      <p class="title" data-testid="count-progress">
        {w("count.progress", { found: due.length - missing.length, due: due.length })}
      </p>
      <ul class="ticks">
        {due.map((unit) => {
          const isFound = !missing.some((item) => item.unit?.id === unit.id);
          return (
            <li key={unit.id} data-testid={isFound ? "count-found" : "count-missing"}>
              <span aria-hidden="true">{isFound ? "✓" : "○"}</span>
              <span>
                {labelled(unit)} · {toolOf(unit)}
              </span>
              <span class="soft">{w(isFound ? "count.is_found" : "count.is_missing")}</span>
            </li>
          );
        })}
      </ul>
      {counted.length > 0 && (
        <button
          type="button"
          class="plain"
          data-testid="count-undo"
          onClick={() => onCounted(counted.slice(0, -1))}
        >
          {w("count.undo", { code: counted.at(-1) })}
        </button>
      )}
    </>
  );
}
