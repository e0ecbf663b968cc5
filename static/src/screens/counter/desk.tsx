/** The counter itself: scan, and the app knows what to do. */
import { useState } from "preact/hooks";
import { t } from "../../i18n";
import { dateOfId, localDate } from "../../ids";
import { go } from "../../router";
import { codeIn, findTools } from "../../rules/tools";
import { Bell } from "../../ui/bell";
import { SyncLine } from "../../ui/line";
import { Top } from "../../ui/parts";
import { Shared, ShareProblem } from "../../ui/shared";
import { ExpectedCard, UnitCard } from "./cards";
import { expectedBack, personName, purchases, units } from "./known";
import { Scanner } from "./scanner";
import { w } from "./texts";

const FEWEST_LETTERS = 2;

export function Desk({ owner }: { owner: string }) {
  const [text, setText] = useState("");
  const [missed, setMissed] = useState("");
  const found = findTools(text.length < FEWEST_LETTERS ? "" : text, units(), purchases(), personName);
  const open = expectedBack();
  const isFound = (id: string) => found.purchases.some((purchase) => purchase.id === id);
  const take = (code: string) => {
    const hit = findTools(code, units(), purchases(), personName);
    const expected = hit.purchases.filter((purchase) =>
      open.some((item) => item.purchase.id === purchase.id),
    );
    const [unit, purchase] = [hit.units[0], expected[0]];
    setMissed("");
    if (unit && hit.units.length === 1) return go("unit", unit.id);
    if (purchase && expected.length === 1) return go("stock", purchase.id, ...(codeIn(code) ? [] : [code]));
    setText(code);
    if (hit.units.length + expected.length === 0) setMissed(code);
  };
  const today = units().filter((unit) => dateOfId(unit.id) === localDate());
  return (
    <>
      <Top title={t("counter.title")}>
        <Bell />
      </Top>
      <SyncLine />
      <ShareProblem />
      <Shared owner={owner} canUse={false} />
      <Scanner
        label={w("counter.scan")}
        onCode={take}
        onText={(typed) => {
          setText(typed);
          setMissed("");
        }}
      />
      {missed && (
        <p class="flash" role="alert" data-testid="not-found">
          {w("counter.not_found", { code: missed })}
        </p>
      )}
      {missed && (
        <p>
          <a class="button wide" href={`#/take-in/found/${encodeURIComponent(missed)}`} data-testid="take-in">
            {w("counter.take_in")}
          </a>
        </p>
      )}
      {found.units.map((unit) => (
        <UnitCard key={unit.id} unit={unit} />
      ))}
      {open
        .filter((item) => isFound(item.purchase.id))
        .map((item) => (
          <ExpectedCard key={item.purchase.id} item={item} />
        ))}
      {text === "" && today.length === 0 && <p class="card empty">{w("counter.empty")}</p>}
      {text === "" && today.length > 0 && <h2>{w("counter.just_done")}</h2>}
      {text === "" && today.reverse().map((unit) => <UnitCard key={unit.id} unit={unit} />)}
    </>
  );
}
