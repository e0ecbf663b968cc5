/** Saving: one transaction writes the change, the photo and the end of the draft. Only then does a screen say saved. */
import { newId, nowUtc } from "../ids";
import { db, type Fields, fileKey, type Op, type StoredChange } from "./db";
import type { Captured } from "./photo";
import { dropPreviews } from "./previews";

/** What a screen wants to happen to one record. For an update: the values that the person saw before. */
export interface Wish {
  entity: string;
  record_id: string;
  op: Op;
  fields: Fields;
  base?: Fields;
  base_version?: number | null;
}

/** Why a save did not happen; the form is still there. */
export class SaveFailed extends Error {
  constructor(readonly code: "storage_full" | "storage_broken") {
    super(code);
  }
}

/** A wish to make a record, with a fresh id. */
export function create(entity: string, fields: Fields, record_id: string = newId()): Wish {
  return { entity, record_id, op: "create", fields };
}

/** A wish to change fields of a record as the person sees it. */
export function update(entity: string, record: Fields, fields: Fields): Wish {
  const base = Object.fromEntries(Object.keys(fields).map((name) => [name, record[name] ?? null]));
  return {
    entity,
    record_id: record.id as string,
    op: "update",
    fields,
    base,
    base_version: (record.version as number | undefined) ?? null,
  };
}

/** Saves wishes and photos together, and ends the draft they came from. Raises SaveFailed. */
export async function save(
  owner: string,
  wishes: Wish[],
  photos: Captured[] = [],
  draft?: string,
): Promise<StoredChange[]> {
  const changes = [...photos.map(attachmentOf), ...wishes].map((wish) => asChange(owner, wish));
  try {
    await withRoom(() => write(owner, changes, photos, draft));
  } catch (error) {
    throw new SaveFailed(isQuota(error) ? "storage_full" : "storage_broken");
  }
  return changes;
}

/** Keeps what has been typed so far. */
export async function keepDraft(owner: string, key: string, value: Fields): Promise<void> {
  await withRoom(() => db.drafts.put({ key, owner, value }));
}

/** Writes; on a full phone once more, when the previews have made room. */
async function withRoom(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isQuota(error) || !(await dropPreviews())) throw error;
    await write();
  }
}

async function write(
  owner: string,
  changes: StoredChange[],
  photos: Captured[],
  draft?: string,
): Promise<void> {
  await db.transaction("rw", [db.changes, db.files, db.bytes, db.drafts], async () => {
    for (const photo of photos) {
      const key = fileKey(owner, photo.sha256);
      const { sha256, media_type, size, preview, bytes } = photo;
      await db.files.put({
        key,
        owner,
        sha256,
        media_type,
        size,
        preview,
        state: "waiting",
        upload_url: "",
      });
      await db.bytes.put({ key, owner, bytes });
    }
    for (const change of changes) await add(change);
    if (draft) await db.drafts.where("key").startsWith(draft).delete();
  });
}

/**
 * Adds a change to the outbox. Where an earlier one of the same record was rejected, this is its repair: the two become
 * one, under a new id.
 */
async function add(change: StoredChange): Promise<void> {
  const { owner, entity, record_id } = change;
  const refused = await db.changes
    .where({ owner, state: "rejected" })
    .filter((known) => known.entity === entity && known.record_id === record_id && known.op !== "delete")
    .last();
  if (change.op !== "update" || refused?.order === undefined) {
    await db.changes.add(change);
    return;
  }
  const { change_id, made_at } = change;
  const fields = { ...refused.fields, ...change.fields };
  const base = { ...change.base, ...refused.base };
  const repaired = { change_id, made_at, fields, base: refused.op === "update" ? base : {} };
  await db.changes.update(refused.order, { ...repaired, state: "waiting", code: "", errors: {}, params: {} });
}

function attachmentOf(photo: Captured): Wish {
  const { sha256, media_type, size } = photo;
  return create("attachment", { sha256, media_type, size, role: "original" });
}

function asChange(owner: string, wish: Wish): StoredChange {
  return {
    schema: 1,
    owner,
    change_id: newId(),
    entity: wish.entity,
    record_id: wish.record_id,
    op: wish.op,
    fields: wish.fields,
    base: wish.base ?? {},
    base_version: wish.base_version ?? null,
    made_at: nowUtc(),
    state: "waiting",
  };
}

/**
 * A full phone shows itself as an aborted transaction with the reason inside. Below the quota, but without room on the
 * disk, Chromium calls it a DataError that could not write.
 */
function isQuota(error: unknown): boolean {
  type Inner = { name?: string; message?: string; inner?: unknown } | undefined;
  for (let at = error as Inner; at; at = at.inner as Inner) {
    if (at.name === "QuotaExceededError") return true;
    if (at.name === "DataError" && /failed to write/i.test(at.message ?? "")) return true;
  }
  return false;
}
