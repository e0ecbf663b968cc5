/** One tool on the counter, before it is stocked in. */
import { useState } from "preact/hooks";
import { say } from "../../i18n";
import { labelOf } from "../../rules/tools";
import type { Captured } from "../../store/photo";
import { Choice } from "../../ui/parts";
import { Photos } from "../../ui/photos";
import { w } from "./texts";

/** A tool as it was scanned. Its id is the unit's, so that its label is known at once. */
export interface Taken {
  id: string;
  serial: string;
  condition: string;
}

export const CONDITIONS = ["good", "worn", "damaged"];

interface Props {
  number: number;
  row: Taken;
  photos: Captured[];
  onChange: (row: Taken) => void;
  onRemove: () => void;
  onPhotos: (photos: Captured[]) => void;
}

export function Row({ number, row, photos, onChange, onRemove, onPhotos }: Props) {
  const [isWanted, setWanted] = useState(false);
  const showsPhotos = isWanted || photos.length > 0 || row.condition !== "good";
  return (
    <section class="card" data-testid="stock-row">
      <div class="spread">
        <h2 class="title">
          {w("stock.row", { number })}
          {row.serial && `: ${row.serial}`}
        </h2>
        <button
          type="button"
          class="plain"
          aria-label={`${w("stock.remove")}: ${w("stock.row", { number })}`}
          data-testid="stock-remove"
          onClick={onRemove}
        >
          {w("stock.remove")}
        </button>
      </div>
      <p class="soft">{w("stock.new_label", { label: labelOf(row.id) })}</p>
      <Choice
        label={say("field.condition")}
        name={`condition-${number}`}
        value={row.condition}
        options={CONDITIONS.map((condition) => [condition, say(`condition.${condition}`)])}
        onValue={(condition) => onChange({ ...row, condition })}
      />
      {!showsPhotos && (
        <button type="button" class="plain" data-testid="stock-photo" onClick={() => setWanted(true)}>
          {w("stock.photo")}
        </button>
      )}
      {showsPhotos && (
        <Photos
          photos={photos}
          onAdd={(photo) => onPhotos([...photos, photo])}
          onRemove={(sha256) => onPhotos(photos.filter((photo) => photo.sha256 !== sha256))}
        />
      )}
    </section>
  );
}
