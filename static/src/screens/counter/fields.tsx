/** Fields and warnings that several screens of the counter have. */
import { say } from "../../i18n";
import { localDate } from "../../ids";
import type { Warning } from "../../rules/tools";
import { shelves } from "./known";
import { w } from "./texts";

/** A shelf: scanned from its tag, typed, or one of those in use. */
export function ShelfField({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  return (
    <label htmlFor="shelf">
      {say("field.shelf")}
      <input
        id="shelf"
        name="shelf"
        list="shelves"
        autocomplete="off"
        value={value}
        data-testid="field-shelf"
        onInput={(event) => onValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault(); // a scanned tag ends with Enter: the next scan is a tool's
          document.getElementById("scan")?.focus();
        }}
      />
      <datalist id="shelves">
        {shelves().map((shelf) => (
          <option key={shelf} value={shelf} />
        ))}
      </datalist>
    </label>
  );
}

/** What this phone knows to be wrong: said before the server says it. */
export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul class="warnings" role="status">
      {warnings.map(({ code, severity, params }) => (
        <li key={code + JSON.stringify(params)} class={severity} data-testid={`warning-${code}`}>
          {w(`warning.${code}`, params)}
        </li>
      ))}
    </ul>
  );
}

/** When something is due back; overdue is said by mark and word. */
export function Due({ date }: { date: string }) {
  if (date >= localDate()) return <p class="soft">{w("expected.due", { date })}</p>;
  return (
    <p>
      <span class="state bad long" data-testid="overdue">
        <span aria-hidden="true">!</span>
        {w("expected.overdue", { date })}
      </span>
    </p>
  );
}
