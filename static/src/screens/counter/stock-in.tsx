/** Stocking in what came back of one purchase: one unit or several, each with its condition (REG-A12). */

import { useEffect, useState } from "preact/hooks";
import { newId } from "../../ids";
import { go } from "../../router";
import {
  answers,
  codeIn,
  countBack,
  findTools,
  normalShelf,
  serialKey,
  stockInWarnings,
} from "../../rules/tools";
import type { Captured } from "../../store/photo";
import { create, save } from "../../store/save";
import { wake } from "../../sync/runner";
import { useDraft } from "../../ui/draft";
import { whyNotSaved } from "../../ui/not-saved";
import { Top } from "../../ui/parts";
import { ShelfField, Warnings } from "./fields";
import { personName, purchase, purchases, type ShownPurchase, toolName, units } from "./known";
import { Refusal } from "./refusal";
import { Row, type Taken } from "./row";
import { Scanner } from "./scanner";
import { w } from "./texts";

interface Form {
  rows: Taken[];
  shelf: string;
}
interface Shots {
  list: { row: string; photo: Captured }[];
}

export function StockIn({ owner, id, serial }: { owner: string; id: string; serial: string }) {
  const bought = purchase(id);
  if (!bought) {
    return (
      <>
        <Top title={w("stock.title")} back={["counter"]} />
        <p class="flash">{w("stock.gone")}</p>
      </>
    );
  }
  return <Counted owner={owner} bought={bought} serial={serial} />;
}

function Counted({ owner, bought, serial }: { owner: string; bought: ShownPurchase; serial: string }) {
  const key = `${owner}/stock/${bought.id}`;
  const form = useDraft<Form>(owner, key, { rows: [], shelf: "" });
  const shots = useDraft<Shots>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const [isBusy, setBusy] = useState(false);
  const isRead = form.value !== null && shots.value !== null;
  useEffect(() => {
    if (isRead && serial) add(serial);
  }, [isRead, serial]);
  const values = form.value;
  if (!values || !shots.value) return null;
  const set = (part: Partial<Form>) => {
    form.value = { ...values, ...part };
  };
  const add = (text: string) => {
    const other = codeIn(text).startsWith("FP-") && findTools(text, [], purchases(), personName).purchases[0];
    if (other) return go("stock", other.id);
    const now = form.value ?? values;
    const isKnown = text !== "" && now.rows.some((row) => serialKey(row.serial) === serialKey(text));
    if (!isKnown)
      form.value = { ...now, rows: [...now.rows, { id: newId(), serial: text, condition: "good" }] };
  };
  const warnings = stockInWarnings(
    values.rows.map((row) => row.serial),
    bought,
    units(),
    purchases(),
  );
  const photosOf = (row: Taken) =>
    shots.value?.list.flatMap((shot) => (shot.row === row.id ? shot.photo : [])) ?? [];
  const submit = async () => {
    setBusy(true);
    try {
      const wishes = values.rows.map((row) => {
        const attachments = photosOf(row).map((photo) => photo.sha256);
        const { serial: serial_number, condition } = row;
        const fields = {
          tool_purchase_id: bought.id,
          serial_number,
          condition,
          shelf: normalShelf(values.shelf),
          attachments,
        };
        return create("tool_unit", { ...fields, status: "stocked_in" }, row.id);
      });
      const taken = new Map(values.rows.flatMap(photosOf).map((photo) => [photo.sha256, photo]));
      await save(owner, wishes, [...taken.values()], key);
      wake();
      go("counter");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
    setBusy(false);
  };
  const waiting = expectedSerials(bought, values.rows);
  const count = values.rows.length;
  return (
    <>
      <Top title={w("stock.title")} back={["counter"]} />
      <section class="card">
        <p class="title">{toolName(bought)}</p>
        <p class="soft">
          {personName(bought.technician_id)} ·{" "}
          {w("stock.back", { returned: countBack(bought, units()), bought: bought.quantity })}
        </p>
        {waiting.length > 0 && <p class="name">{w("stock.expects", { serials: waiting.join(", ") })}</p>}
      </section>
      <Scanner label={w("stock.scan")} onCode={add} />
      <p class="row">
        {waiting.length > 1 && (
          <button type="button" class="grow" data-testid="stock-add-all" onClick={() => waiting.forEach(add)}>
            {w("stock.add_all", { count: waiting.length })}
          </button>
        )}
        <button type="button" class="grow" data-testid="stock-add" onClick={() => add("")}>
          {w("stock.add")}
        </button>
      </p>
      {values.rows.map((row, at) => (
        <Row
          key={row.id}
          number={at + 1}
          row={row}
          photos={photosOf(row)}
          onChange={(next) => set({ rows: values.rows.map((known) => (known.id === row.id ? next : known)) })}
          onRemove={() => set({ rows: values.rows.filter((known) => known.id !== row.id) })}
          onPhotos={(list) => {
            const others = shots.value?.list.filter((shot) => shot.row !== row.id) ?? [];
            shots.value = { list: [...others, ...list.map((photo) => ({ row: row.id, photo }))] };
          }}
        />
      ))}
      {count > 0 && <ShelfField value={values.shelf} onValue={(shelf) => set({ shelf })} />}
      <Warnings warnings={warnings} />
      {message && (
        <p class="flash" role="alert" data-testid="form-error">
          {message}
        </p>
      )}
      {count > 0 && (
        <button
          type="button"
          class="primary wide"
          disabled={isBusy}
          data-testid="stock-save"
          onClick={() => void submit()}
        >
          {count > 1 ? w("stock.save_many", { count }) : w("stock.save_one")}
        </button>
      )}
      <Refusal owner={owner} bought={bought} />
    </>
  );
}

/** The serial numbers that the technician typed and that are neither back nor in the list yet. */
function expectedSerials(bought: ShownPurchase, rows: Taken[]): string[] {
  const back = units().filter((unit) => unit.tool_purchase_id === bought.id && answers(unit));
  const here = new Set(
    [...back.map((unit) => unit.serial_number ?? ""), ...rows.map((row) => row.serial)].map(serialKey),
  );
  return (bought.serial_numbers ?? []).filter((serial) => !here.has(serialKey(serial)));
}
