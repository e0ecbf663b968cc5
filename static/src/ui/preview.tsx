/** A small picture of a photo or document: this phone's own, else the one that the server made. */
import { liveQuery } from "dexie";
import { useEffect, useMemo, useState } from "preact/hooks";
import { t } from "../i18n";
import { db, fileKey } from "../store/db";
import { world } from "../store/view";

/** What a file without a preview is called: PDF, OFD, XML, HEIC. */
export function kindOf(media_type: string): string {
  return media_type.split("/")[1]?.toUpperCase() ?? "";
}

/** The pictures of a record; nothing where it has none. */
export function Previews({ of, isStrip = false }: { of: unknown; isStrip?: boolean }) {
  const hashes = (of as string[] | null | undefined) ?? [];
  if (hashes.length === 0) return null;
  return (
    <div class={isStrip ? "photos strip" : "photos"}>
      {hashes.map((sha256) => (
        <Preview key={sha256} sha256={sha256} />
      ))}
    </div>
  );
}

function Preview({ sha256 }: { sha256: string }) {
  const { owner, files } = world.value;
  const own = files.get(sha256)?.preview ?? null;
  const brought = useBrought(owner, sha256, own !== null);
  const bytes = own ?? brought;
  const address = useMemo(
    () => (bytes ? URL.createObjectURL(new Blob([bytes], { type: own ? "image/jpeg" : "image/webp" })) : ""),
    [bytes],
  );
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  if (address) return <img src={address} alt={t("outbox.photo")} data-testid="preview" />;
  return <NoPreview media_type={mediaTypeOf(sha256)} />;
}

/** Stands where a picture is, or will be. */
function NoPreview({ media_type }: { media_type: string }) {
  const isPhoto = media_type === "" || media_type.startsWith("image/");
  return (
    <span class="file" data-testid="no-preview">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={isPhoto ? "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01" : "M7 3h7l4 4v14H7zM14 3v4h4"} />
      </svg>
      {isPhoto ? t("outbox.photo") : kindOf(media_type)}
    </span>
  );
}

function useBrought(owner: string, sha256: string, hasOwn: boolean): ArrayBuffer | null {
  const [bytes, setBytes] = useState<ArrayBuffer | null>(null);
  useEffect(() => {
    if (hasOwn) return;
    const following = liveQuery(() => db.previews.get(fileKey(owner, sha256))).subscribe({
      next: (kept) => setBytes(kept?.webp ?? null),
    });
    return () => following.unsubscribe();
  }, [owner, sha256, hasOwn]);
  return bytes;
}

function mediaTypeOf(sha256: string): string {
  const { files, entities } = world.value;
  const records = [...(entities.get("attachment")?.values() ?? [])];
  const known = files.get(sha256) ?? records.find((record) => record.sha256 === sha256);
  return String(known?.media_type ?? "");
}
