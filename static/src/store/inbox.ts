/**
 * The inbox for what other apps share, until a receipt holds it. Written by the service worker, read by the app.
 * A database of its own, without Dexie: the worker stays small, and an upgrade of the app's database never meets it.
 */
import { MAX_FILE } from "../rules/files";

const NAME = "fieldclaim-inbox";
const NOTE = 1000;

/** What came in one act of sharing. `owner` is empty until a signed-in person's app has seen it. */
export interface Share {
  id: string;
  owner: string;
  note: string;
  names: string[];
}

/** A shared file; `bytes` is null for one that is too large to be taken: only its name is kept, to say so. */
export interface SharedFile {
  name: string;
  type: string;
  bytes: ArrayBuffer | null;
}

interface StoredFile extends SharedFile {
  share: string;
  at: number;
}

/** Keeps what a form brought, all or nothing. When this ends, the disk has it. Gives its id, or null for nothing. */
export async function keepShare(form: FormData): Promise<string | null> {
  const sent = form.getAll("files").filter((part) => typeof part !== "string" && part.name !== "");
  const names = (sent as File[]).map((file) => file.name);
  const note = wordsOf(form, names);
  if (names.length === 0 && note === "") return null;
  const id = crypto.randomUUID();
  const files = await Promise.all((sent as File[]).map((file, at) => stored(id, at, file)));
  await run("readwrite", (all, kept) => {
    for (const file of files) kept.add(file);
    return all.add({ id, owner: "", note, names } satisfies Share);
  });
  tell();
  return id;
}

/** What waits for this person, or for whoever signs in next. */
export async function shares(owner: string): Promise<Share[]> {
  const known = await run<Share[]>("readonly", (all) => all.getAll());
  return known.filter((share) => share.owner === "" || share.owner === owner);
}

/** From now on these are this person's: nobody who signs in later sees them. */
export async function adopt(owner: string): Promise<void> {
  await run("readwrite", (all) => {
    const asked = all.getAll() as IDBRequest<Share[]>;
    asked.onsuccess = () => {
      for (const share of asked.result) if (share.owner === "") all.put({ ...share, owner });
    };
    return asked;
  });
}

/** The files of one share, in the order in which they came. */
export async function filesOf(id: string): Promise<SharedFile[]> {
  return run<StoredFile[]>("readonly", (_, files) => files.getAll(rangeOf(id)));
}

/** Forgets a share: a receipt's draft holds it, or the person does not want it. */
export async function dropShare(id: string): Promise<void> {
  await run("readwrite", (all, files) => {
    files.delete(rangeOf(id));
    return all.delete(id);
  });
  tell();
}

/** Forgets what waits for this person and for nobody: the server has shut this phone out. */
export async function dropAllShares(owner: string): Promise<void> {
  for (const share of await shares(owner)) await dropShare(share.id);
}

/** Calls back whenever the inbox has changed, in this window, another one, or the worker. Gives the way to stop. */
export function onInbox(changed: () => void): () => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = changed;
  return () => channel.close();
}

function tell(): void {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage("changed");
  channel.close();
}

async function stored(share: string, at: number, file: File): Promise<StoredFile> {
  // Bytes, not the File: Safari loses Blobs that are kept in a database.
  const bytes = file.size > MAX_FILE ? null : await file.arrayBuffer();
  return { share, at, name: file.name, type: file.type, bytes };
}

/** Shared words become the receipt's note. Many apps put the file's name or the same words in several fields. */
function wordsOf(form: FormData, names: string[]): string {
  const parts = ["title", "text", "url"].map((name) => String(form.get(name) ?? "").trim());
  const kept = parts.filter((part, at) => {
    return (
      part &&
      !names.includes(part) &&
      !parts.some((other, there) => there !== at && covers(other, part, there < at))
    );
  });
  return kept.join(" ").replace(/\s+/g, " ").slice(0, NOTE);
}

function covers(other: string, part: string, isBefore: boolean): boolean {
  return other.includes(part) && (other !== part || isBefore);
}

function rangeOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
}

/** One transaction over both stores. Opened anew each time: systems close connections behind an app's back. */
async function run<T>(
  mode: IDBTransactionMode,
  work: (shares: IDBObjectStore, files: IDBObjectStore) => IDBRequest,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((done, fail) => {
      // Strict: the other app hears "taken" only when the disk has it.
      const doing = database.transaction(["shares", "files"], mode, { durability: "strict" });
      doing.oncomplete = () => done(asked.result as T);
      doing.onabort = () => fail(doing.error);
      const asked = work(doing.objectStore("shares"), doing.objectStore("files"));
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("shares", { keyPath: "id" });
      asked.result.createObjectStore("files", { keyPath: ["share", "at"] });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}
