/** Previews that the server made of pictures which this phone does not have: a few kB each, and the first to go. */
import { db, type Fields, fileKey } from "./db";

/** Where previews may be brought: over any network, only over Wi-Fi, or not at all. */
export type Bringing = "always" | "wifi" | "never";

/** What the pictures of the last weeks need; older ones are looked at on the desks. */
const MOST = 200;
const MOST_BYTES = 1_000_000;
/** The kinds of records whose pictures are shown. */
const SHOWING = ["receipt", "tool_purchase", "waiver"];
const HAS_PREVIEW = /^(image\/|application\/pdf)/;
const CHOICE = "previews";
const REST = "previews_rest";
const REST_HOURS = 24;

/** What this phone's person wants. */
export async function bringing(): Promise<Bringing> {
  return ((await db.meta.get(CHOICE))?.value as Bringing | undefined) ?? "always";
}

export async function choose(value: Bringing): Promise<void> {
  await db.transaction("rw", [db.meta, db.previews], async () => {
    await db.meta.put({ key: CHOICE, value });
    if (value === "never") await db.previews.clear();
  });
}

/** Whether they were let go of for want of room, less than a day ago. */
export async function isResting(): Promise<boolean> {
  const until = (await db.meta.get(REST))?.value as string | undefined;
  return until !== undefined && until > new Date().toISOString();
}

/**
 * Lets go of the previews that nothing shows any more. Gives the hashes of those to be brought, newest first, and how
 * many bytes they may have together.
 */
export async function tidy(owner: string): Promise<{ missing: string[]; room: number }> {
  const shown = await newest(owner);
  return db.transaction("rw", db.previews, async () => {
    const previews = await db.previews.where({ owner }).toArray();
    const left = new Map(previews.map((preview) => [preview.sha256, preview]));
    const missing: string[] = [];
    let room = MOST_BYTES;
    for (const sha256 of shown) {
      const preview = left.get(sha256);
      if (room <= 0) break;
      if (!preview) missing.push(sha256);
      room -= preview?.webp?.byteLength ?? 0;
      left.delete(sha256);
    }
    await db.previews.bulkDelete([...left.values()].map((preview) => preview.key));
    return { missing, room };
  });
}

/** Keeps what was brought; without bytes for a file that shows nothing, so that it is not asked for again. */
export async function keep(owner: string, brought: Map<string, ArrayBuffer | null>): Promise<void> {
  const rows = [...brought].map(([sha256, webp]) => ({ key: fileKey(owner, sha256), owner, sha256, webp }));
  await db.previews.bulkPut(rows);
}

/** Makes room: all previews go, also those of own photos that the server has. Gives whether there were any. */
export async function dropPreviews(): Promise<boolean> {
  return db.transaction("rw", [db.meta, db.previews, db.files], async () => {
    const isOnServer = db.files.filter((file) => file.state === "sent" && file.preview !== null);
    const count = (await db.previews.count()) + (await isOnServer.count());
    if (count === 0) return false;
    await db.previews.clear();
    await isOnServer.modify({ preview: null });
    const until = new Date(Date.now() + REST_HOURS * 3_600_000).toISOString();
    await db.meta.put({ key: REST, value: until });
    return true;
  });
}

/** The stored pictures of the newest records; not those of which this phone has its own preview. */
async function newest(owner: string): Promise<string[]> {
  const recordsOf = async (entity: string) =>
    (await db.records.where({ owner, entity }).toArray()).sort((a, b) => (a.id < b.id ? 1 : -1));
  const own = await db.files
    .where({ owner })
    .filter((file) => file.preview !== null)
    .toArray();
  const isOwn = new Set(own.map((file) => file.sha256));
  const isStored = new Set(
    (await recordsOf("attachment")).flatMap(({ record }) =>
      hasPreview(record) ? String(record.sha256) : [],
    ),
  );
  const showing = (await Promise.all(SHOWING.map(recordsOf))).flat().sort((a, b) => (a.id < b.id ? 1 : -1));
  const hashes = showing.flatMap(({ record }) => (record.attachments as string[] | null | undefined) ?? []);
  return [...new Set(hashes)].filter((sha256) => isStored.has(sha256) && !isOwn.has(sha256)).slice(0, MOST);
}

function hasPreview(record: Fields): boolean {
  return record.status === "stored" && HAS_PREVIEW.test(String(record.media_type));
}
