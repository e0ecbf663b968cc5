/** Taking in a tool that belongs to no purchase: found, always the company's, or brought in place of what was bought. */

import { useState } from "preact/hooks";
import { say } from "../../i18n";
import { newId } from "../../ids";
import { go } from "../../router";
import { labelOf, normalShelf, serialWarnings } from "../../rules/tools";
import type { Captured } from "../../store/photo";
import { create, save } from "../../store/save";
import { wake } from "../../sync/runner";
import { useDraft } from "../../ui/draft";
import { whyNotSaved } from "../../ui/not-saved";
import { Choice, Field, Top } from "../../ui/parts";
import { DraftPhotos } from "../../ui/photos";
import { ShelfField, Warnings } from "./fields";
import { purchases, units } from "./known";
import { CONDITIONS } from "./row";
import { w } from "./texts";

const ORIGINS = ["owned", "found", "wrong_tool"] as const;

export function TakeIn({ owner, origin, serial }: { owner: string; origin: string; serial: string }) {
  const key = `${owner}/take-in/new`;
  const first = ORIGINS.find((known) => known === origin) ?? "owned";
  const empty = { id: "", origin: "", name: "", model: "", serial: "", condition: "good", shelf: "" };
  const form = useDraft(owner, key, empty);
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  if (!form.value || !photos.value) return null;
  if (!form.value.id) {
    form.value = { ...form.value, id: newId(), origin: first, serial: form.value.serial || serial };
    return null;
  }
  const values = form.value;
  const list = photos.value.list;
  const set = (part: Partial<typeof values>) => {
    form.value = { ...values, ...part };
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const { id, serial: serial_number, shelf, ...typed } = values;
    const attachments = list.map((photo) => photo.sha256);
    const fields = { ...typed, serial_number, shelf: normalShelf(shelf), status: "stocked_in", attachments };
    try {
      await save(owner, [create("tool_unit", fields, id)], list, key);
      wake();
      go("counter");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={w("take_in.title")} back={["counter"]} />
      <p class="soft">{w("take_in.hint")}</p>
      <Choice
        label={w("take_in.origin")}
        name="origin"
        value={values.origin}
        options={ORIGINS.map((known) => [known, w(`take_in.${known}`)])}
        onValue={(chosen) => set({ origin: chosen })}
      />
      <Field
        label={say("field.name")}
        name="name"
        required
        value={values.name}
        onValue={(name) => set({ name })}
      />
      <Field
        label={say("field.model")}
        name="model"
        value={values.model}
        onValue={(model) => set({ model })}
      />
      <Field
        label={say("field.serial_number")}
        name="serial"
        value={values.serial}
        onValue={(typed) => set({ serial: typed })}
      />
      <p class="soft">{w("stock.new_label", { label: labelOf(values.id) })}</p>
      <Choice
        label={say("field.condition")}
        name="condition"
        value={values.condition}
        options={CONDITIONS.map((condition) => [condition, say(`condition.${condition}`)])}
        onValue={(condition) => set({ condition })}
      />
      <ShelfField value={values.shelf} onValue={(shelf) => set({ shelf })} />
      <DraftPhotos draft={photos} />
      <Warnings warnings={serialWarnings(values.serial, null, units(), purchases())} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="submit" class="primary wide" data-testid="take-in-save">
        {w("stock.save_one")}
      </button>
    </form>
  );
}
