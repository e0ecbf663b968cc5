/** Taking and choosing photos for a form. */
import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { type Captured, capture, NotTaken } from "../store/photo";
import { flushDrafts } from "./draft";
import { kindOf } from "./preview";

interface Props {
  photos: Captured[];
  onAdd: (photo: Captured) => void;
  onRemove: (sha256: string) => void;
}

/** The photos of a form, kept as a draft of their own until it is saved. */
export function DraftPhotos({ draft }: { draft: Signal<{ list: Captured[] } | null> }) {
  const list = draft.value?.list ?? [];
  return (
    <Photos
      photos={list}
      onAdd={(photo) => {
        draft.value = { list: [...(draft.value?.list ?? []), photo] };
      }}
      onRemove={(sha256) => {
        draft.value = { list: list.filter((photo) => photo.sha256 !== sha256) };
      }}
    />
  );
}

/** The camera, a file picker, and what was taken so far. */
export function Photos({ photos, onAdd, onRemove }: Props) {
  const [refused, setRefused] = useState<Refused[]>([]);
  const take = async (list: FileList | null) => {
    const found: Refused[] = [];
    for (const file of list ?? []) {
      try {
        onAdd(await capture(file));
      } catch (error) {
        found.push({ name: file.name, code: error instanceof NotTaken ? error.code : "could_not_be_read" });
      }
    }
    setRefused(found);
  };
  // The picker may push this page out of memory: what is typed is kept before it opens.
  const before = () => void flushDrafts();
  return (
    <div class="apart">
      <div class="row">
        <span class="button pick grow">
          {t("photo.add")}
          <input
            type="file"
            accept="image/*"
            capture="environment"
            aria-label={t("photo.add")}
            data-testid="photo-camera"
            onClick={before}
            onChange={(event) => void take(event.currentTarget.files)}
          />
        </span>
        <span class="button pick grow">
          {t("photo.choose")}
          <input
            type="file"
            multiple
            accept="image/*,.pdf,.ofd,.xml"
            aria-label={t("photo.choose")}
            data-testid="photo-file"
            onClick={before}
            onChange={(event) => void take(event.currentTarget.files)}
          />
        </span>
      </div>
      <NotAdded files={refused} />
      <div class="photos">
        {photos.map((photo) => (
          <figure key={photo.sha256} data-testid="photo">
            {photo.preview ? (
              <img src={address(photo)} alt={t("outbox.photo")} />
            ) : (
              <span class="file">{kindOf(photo.media_type)}</span>
            )}
            <button type="button" class="plain" onClick={() => onRemove(photo.sha256)}>
              {t("photo.remove")}
            </button>
          </figure>
        ))}
      </div>
    </div>
  );
}

interface Refused {
  name: string;
  code: string;
}

/** The files that were not added, each by its name and with the reason. */
export function NotAdded({ files }: { files: Refused[] }) {
  return files.map(({ name, code }) => (
    <p class="flash" role="alert" key={name} data-testid="not-added">
      {t("photo.not_added", { name, reason: say(`error.${code}`) })}
    </p>
  ));
}

const addresses = new Map<string, string>();

function address(photo: Captured): string {
  const known = addresses.get(photo.sha256);
  if (known) return known;
  const made = URL.createObjectURL(new Blob([photo.preview ?? photo.bytes]));
  addresses.set(photo.sha256, made);
  return made;
}
