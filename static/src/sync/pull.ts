/** Bringing the server's records: page by page, the cursor kept in the same transaction as what it stands for. */
import { newId } from "../ids";
import { db, type Fields, recordKey } from "../store/db";
import { tidy } from "../store/previews";
import { call, Refusal } from "./api";
import type { Stand } from "./push";
import { withToken } from "./session";

interface Item {
  entity: string;
  id: string;
  op: "put" | "remove";
  version: number;
  record?: Fields;
}

interface Page extends Stand {
  cursor: string;
  more: boolean;
  changes: Item[];
}

interface Place {
  cursor: string;
  /** The resync under way: what it did not bring is dropped at its end. Empty once it is complete. */
  round: string;
}

/** Pulls until there is no more. Gives where the server stands. */
export async function pull(owner: string): Promise<Stand> {
  const done = await db.changes.where({ owner, state: "done" }).primaryKeys();
  if (!(await db.meta.get(`place/${owner}`))) await glance(owner);
  let isLess = false;
  for (;;) {
    const place = await placeOf(owner);
    const page = await fetchPage(place.cursor);
    if (page === null) {
      await startAnew(owner);
      continue;
    }
    await take(owner, place, page, done);
    isLess ||= place.round !== "" || page.changes.some((item) => item.op === "remove");
    if (page.more) continue;
    if (isLess) await tidy(owner);
    return { epoch: page.epoch, durable_seq: page.durable_seq };
  }
}

/** The next pull begins from zero. The outbox is not touched by it. */
export async function startAnew(owner: string): Promise<void> {
  await db.meta.put({ key: `place/${owner}`, value: { cursor: "", round: newId() } satisfies Place });
}

/** A new phone first brings what its first screen shows: the rest comes oldest first, and takes a while over 3G. */
async function glance(owner: string): Promise<void> {
  const ask = (token: string) => call<Pick<Page, "changes">>("/api/sync/glance", undefined, token);
  const { changes } = await withToken(ask).catch((error: unknown) => {
    if (error instanceof Refusal && error.status === 404) return { changes: [] }; // an older server
    throw error;
  });
  const place: Place = { cursor: "", round: newId() };
  await db.transaction("rw", [db.records, db.meta], async () => {
    for (const { entity, id, version, record } of changes) {
      const key = recordKey(owner, entity, id);
      if (record) await db.records.put({ key, owner, entity, id, version, record, round: "" });
    }
    await db.meta.put({ key: `place/${owner}`, value: place });
  });
}

async function placeOf(owner: string): Promise<Place> {
  const kept = (await db.meta.get(`place/${owner}`))?.value as Place | undefined;
  return kept ?? { cursor: "", round: newId() };
}

async function fetchPage(cursor: string): Promise<Page | null> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : "";
  try {
    return await withToken((token) => call<Page>(`/api/sync/pull${query}`, undefined, token));
  } catch (error) {
    if (error instanceof Refusal && error.code === "cursor_unknown") return null;
    throw error;
  }
}

async function take(owner: string, place: Place, page: Page, done: number[]): Promise<void> {
  await db.transaction("rw", [db.records, db.changes, db.meta], async () => {
    for (const item of page.changes) {
      const key = recordKey(owner, item.entity, item.id);
      if (item.op === "remove" || !item.record) {
        await db.records.delete(key);
      } else {
        const { entity, id, version, record } = item;
        await db.records.put({ key, owner, entity, id, version, record, round: place.round });
      }
    }
    const next: Place = { cursor: page.cursor, round: page.more ? place.round : "" };
    if (!page.more && place.round) {
      await db.records
        .where({ owner })
        .filter((record) => record.round !== place.round)
        .delete();
    }
    if (!page.more) {
      // What was done before this pull began is in the records now.
      for (const order of done) await db.changes.update(order, { settled: true });
    }
    await db.meta.put({ key: `place/${owner}`, value: next });
  });
}
