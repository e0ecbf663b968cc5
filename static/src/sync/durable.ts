/** When the phone may forget: never before the server's backup holds what it sent, and its own check has agreed. */
import { signal } from "@preact/signals";
import { db, readMeta, type StoredChange, type StoredFile } from "../store/db";
import { call } from "./api";
import { startAnew } from "./pull";
import type { Stand } from "./push";
import { withToken } from "./session";

const KEEP_DAYS = 30;
const PART = 500;

/** Whether the server's list has matched the phone's since the last change. Only then "all synced" is said. */
export const confirmed = signal(false);

interface Missing extends Stand {
  missing_records: { entity: string; id: string }[];
  missing_attachments: string[];
}

/** A new epoch: the server was restored from a backup. Pull from zero, and send again all that is still kept. */
export async function noticeEpoch(owner: string, stand: Stand): Promise<boolean> {
  const known = await readMeta<string>(`epoch/${owner}`);
  if (known === stand.epoch) return false;
  const isNew = known !== undefined;
  if (isNew) await startAnew(owner);
  // The epoch is known only together with what waits again: a phone that dies in between must notice it anew.
  await db.transaction("rw", [db.changes, db.files, db.meta], async () => {
    if (isNew) {
      await db.changes.where({ owner, state: "done" }).modify(again);
      await db.files.where({ owner, state: "sent" }).modify(sendAgain);
    }
    await db.meta.put({ key: `epoch/${owner}`, value: stand.epoch });
  });
  return isNew;
}

/** Asks the server what it lacks of what this phone believes sent; that goes out again. Gives whether it lacks nothing. */
export async function compare(owner: string): Promise<boolean> {
  const changes = (await db.changes.where({ owner, state: "done" }).toArray()).filter(
    (change) => change.op !== "delete",
  );
  const files = await db.files.where({ owner, state: "sent" }).toArray();
  let isWhole = true;
  for (let at = 0; at === 0 || at < Math.max(changes.length, files.length); at += PART) {
    const records = changes.slice(at, at + PART).map(({ entity, record_id, version }) => {
      return { entity, id: record_id, version: version ?? 0 };
    });
    const attachments = files.slice(at, at + PART).map((file) => file.sha256);
    const missing = await withToken((token) =>
      call<Missing>("/api/sync/manifest", { records, attachments }, token),
    );
    isWhole = (await sendMissing(owner, changes, missing)) && isWhole;
  }
  return isWhole;
}

/** Forgets what is safe: changes inside a verified backup, or older than thirty days; then the bytes of their photos. */
export async function forget(owner: string, stand: Stand): Promise<void> {
  const oldest = new Date(Date.now() - KEEP_DAYS * 86_400_000).toISOString();
  const isSafe = (change: StoredChange) =>
    change.settled === true && ((change.seq ?? Infinity) <= stand.durable_seq || change.made_at < oldest);
  await db.transaction("rw", [db.changes, db.files, db.bytes], async () => {
    await db.changes.where({ owner, state: "done" }).filter(isSafe).delete();
    const kept = await db.changes.where({ owner }).toArray();
    const needed = new Set(
      kept.filter((change) => change.entity === "attachment").map((c) => c.fields.sha256),
    );
    for (const file of await db.files.where({ owner, state: "sent" }).toArray()) {
      if (!needed.has(file.sha256)) await db.bytes.delete(file.key);
    }
  });
}

async function sendMissing(owner: string, changes: StoredChange[], missing: Missing): Promise<boolean> {
  const ids = new Set(missing.missing_records.map((item) => item.id));
  const orders = changes.filter((change) => ids.has(change.record_id)).map((change) => change.order ?? -1);
  await db.changes.where("order").anyOf(orders).modify(again);
  await db.files
    .where({ owner, state: "sent" })
    .filter((file) => missing.missing_attachments.includes(file.sha256))
    .modify(sendAgain);
  return ids.size === 0 && missing.missing_attachments.length === 0;
}

function again(change: StoredChange): void {
  change.state = "waiting";
  change.settled = false;
}

function sendAgain(file: StoredFile): void {
  file.state = "waiting";
  file.upload_url = "";
}
