/** What the phone keeps. Everything has an owner: a second person on the same phone never sees or sends it. */
import Dexie, { type Table } from "dexie";

export type Fields = Record<string, unknown>;
export type Op = "create" | "update" | "delete";

/** A record as the server last sent it. `key` is `owner/entity/id`; `round` marks the resync that brought it. */
export interface StoredRecord {
  key: string;
  owner: string;
  entity: string;
  id: string;
  version: number;
  record: Fields;
  round: string;
}

/** What became of a change: it waits, it is done (and kept until durable), or it needs the person. */
export type ChangeState = "waiting" | "done" | "rejected" | "conflict";

/** A change in the outbox. Its form is kept stable: a later version of the app must be able to send it. */
export interface StoredChange {
  order?: number;
  schema: 1;
  owner: string;
  change_id: string;
  entity: string;
  record_id: string;
  op: Op;
  fields: Fields;
  base: Fields;
  base_version: number | null;
  made_at: string;
  state: ChangeState;
  version?: number;
  seq?: number;
  /** The server's record has been pulled since; what it holds is in there. */
  settled?: boolean;
  code?: string;
  errors?: Record<string, string[]>;
  params?: Record<string, unknown>;
  theirs?: Fields;
}

/** A photo or document by its content. Its bytes lie apart, so that lists do not load them. */
export interface StoredFile {
  key: string;
  owner: string;
  sha256: string;
  media_type: string;
  size: number;
  preview: ArrayBuffer | null;
  state: "waiting" | "sent" | "refused";
  upload_url: string;
  code?: string;
}

export interface StoredBytes {
  key: string;
  owner: string;
  bytes: ArrayBuffer;
}

/** A small picture from the server; without bytes for a file that shows nothing. */
export interface StoredPreview {
  key: string;
  owner: string;
  sha256: string;
  webp: ArrayBuffer | null;
}

/** A form that was begun and not saved yet. */
export interface StoredDraft {
  key: string;
  owner: string;
  value: Fields;
}

class PhoneDatabase extends Dexie {
  meta!: Table<{ key: string; value: unknown }, string>;
  records!: Table<StoredRecord, string>;
  changes!: Table<StoredChange, number>;
  files!: Table<StoredFile, string>;
  bytes!: Table<StoredBytes, string>;
  drafts!: Table<StoredDraft, string>;
  previews!: Table<StoredPreview, string>;

  constructor() {
    // Strict: "saved" is said only when the disk has it, not when the browser's buffer has.
    super("fieldclaim", { chromeTransactionDurability: "strict" });
    this.version(1).stores({
      meta: "key",
      records: "key, owner, [owner+entity]",
      changes: "++order, &change_id, owner, [owner+state]",
      files: "key, owner, [owner+state]",
      bytes: "key, owner",
      drafts: "key, owner",
    });
    this.version(2).stores({ previews: "key, owner" });
  }
}

export const db = new PhoneDatabase();

/** Reads one of the phone's own facts. */
export async function readMeta<T>(key: string): Promise<T | undefined> {
  return (await db.meta.get(key))?.value as T | undefined;
}

/** Sets one of the phone's own facts. */
export async function writeMeta(key: string, value: unknown): Promise<void> {
  await db.meta.put({ key, value });
}

export function recordKey(owner: string, entity: string, id: string): string {
  return `${owner}/${entity}/${id}`;
}

export function fileKey(owner: string, sha256: string): string {
  return `${owner}/${sha256}`;
}
