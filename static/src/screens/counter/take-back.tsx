/** Taking an issued tool back over the counter. */

import { useState } from "preact/hooks";
import { say } from "../../i18n";
import { go } from "../../router";
import { normalShelf } from "../../rules/tools";
import type { Captured } from "../../store/photo";
import { save, update } from "../../store/save";
import { wake } from "../../sync/runner";
import { useDraft } from "../../ui/draft";
import { whyNotSaved } from "../../ui/not-saved";
import { Choice } from "../../ui/parts";
import { DraftPhotos } from "../../ui/photos";
import { ShelfField } from "./fields";
import { openIssue, type ShownUnit } from "./known";
import { CONDITIONS } from "./row";
import { w } from "./texts";

export function TakeBack({ owner, unit }: { owner: string; unit: ShownUnit }) {
  const key = `${owner}/take-back/${unit.id}`;
  const form = useDraft(owner, key, { condition: unit.condition ?? "good", shelf: unit.shelf ?? "" });
  const photos = useDraft<{ list: Captured[] }>(owner, `${key}/photos`, { list: [] });
  const [message, setMessage] = useState("");
  const issue = openIssue(unit.id);
  const values = form.value;
  const list = photos.value?.list;
  if (!values || !list) return null;
  if (!issue) return <p class="flash">{w("unit.issue_gone")}</p>;
  const submit = async () => {
    const fields = {
      status: "returned",
      returned_condition: values.condition,
      returned_shelf: normalShelf(values.shelf),
      attachments: list.map((photo) => photo.sha256),
    };
    try {
      await save(owner, [update("tool_issue", issue, fields)], list, key);
      wake();
      go("counter");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <section class="card" data-testid="take-back">
      <h2 class="title">{w("unit.take_back")}</h2>
      <Choice
        label={say("field.condition")}
        name="condition"
        value={values.condition}
        options={CONDITIONS.map((condition) => [condition, say(`condition.${condition}`)])}
        onValue={(condition) => {
          form.value = { ...values, condition };
        }}
      />
      <ShelfField
        value={values.shelf}
        onValue={(shelf) => {
          form.value = { ...values, shelf };
        }}
      />
      <DraftPhotos draft={photos} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="button" class="primary wide" data-testid="take-back-save" onClick={() => void submit()}>
        {w("unit.take_back")}
      </button>
    </section>
  );
}
