/** The units that are in the warehouse, by shelf. */
import { useState } from "preact/hooks";
import { go } from "../../router";
import { findTools, isReal, labelled } from "../../rules/tools";
import { Top } from "../../ui/parts";
import { UnitCard } from "./cards";
import { personName, purchases, type ShownUnit, toolOf, units } from "./known";
import { Scanner } from "./scanner";
import { w } from "./texts";

/** A longer list is found by typing, not by scrolling. */
const MOST = 100;
/** Sorts behind every shelf. */
const ELSEWHERE = "\uffff";

export function Tools() {
  const [text, setText] = useState("");
  const found = units().filter((unit) => isReal(unit) && names(unit).includes(text.trim().toLowerCase()));
  const shown = found.slice(-MOST);
  const take = (code: string) => {
    const [unit, ...more] = findTools(code, units(), purchases(), personName).units;
    if (unit && more.length === 0) go("unit", unit.id);
    else setText(code);
  };
  // What is out, lost or written off stands on no shelf.
  const shelfOf = (unit: ShownUnit) => (unit.status === "stocked_in" ? (unit.shelf ?? "") : ELSEWHERE);
  const places = [...new Set(shown.map(shelfOf))].sort();
  return (
    <>
      <Top title={w("tools.title")}>
        <a class="button" href="#/count" data-testid="count">
          {w("count.title")}
        </a>
      </Top>
      <Scanner label={w("tools.search")} onCode={take} onText={setText} />
      {shown.length === 0 && <p class="card empty">{w(text ? "tools.not_found" : "tools.empty")}</p>}
      {found.length > MOST && <p class="soft">{w("tools.more", { shown: MOST, count: found.length })}</p>}
      {places.map((shelf) => (
        <section key={shelf}>
          <h2>{shelf === ELSEWHERE ? w("tools.elsewhere") : shelf || w("tools.no_shelf")}</h2>
          {shown
            .filter((unit) => shelfOf(unit) === shelf)
            .map((unit) => (
              <UnitCard key={unit.id} unit={unit} />
            ))}
        </section>
      ))}
    </>
  );
}

function names(unit: ShownUnit): string {
  const texts = [labelled(unit), unit.serial_number, unit.shelf, toolOf(unit)];
  return texts.filter(Boolean).join("\n").toLowerCase();
}
