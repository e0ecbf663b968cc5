/**
 * Noticing that the system has emptied the phone's store behind the app's back. A mark stands in the store and the same
 * one beside it (in localStorage, which no quota empties); where the store's is gone, so is everything else in it.
 */
import { signal } from "@preact/signals";
import { newId, nowUtc } from "../ids";
import { readMeta, writeMeta } from "./db";

/** What went with the store: how much had not been sent, and when that was counted. */
export interface Loss {
  unsent: number;
  at: string;
}

interface Mark extends Loss {
  id: string;
  device_id: string;
}

const BESIDE = "fieldclaim-mark";

/** Told until the person has understood it. */
export const loss = signal<Loss | null>(null);

/** Compares the two marks; sets them where there are none yet. Gives whether the store was emptied since the last time. */
export async function wasEmptied(): Promise<boolean> {
  const beside = read();
  const inside = await readMeta<string>("mark");
  loss.value = (await readMeta<Loss>("loss")) ?? null;
  if (inside) {
    if (beside?.id !== inside) write({ id: inside, device_id: "", unsent: 0, at: nowUtc() });
    return false;
  }
  const id = beside?.id ?? newId();
  await writeMeta("mark", id);
  if (!beside) {
    write({ id, device_id: "", unsent: 0, at: nowUtc() });
    return false;
  }
  loss.value = { unsent: beside.unsent, at: beside.at };
  await writeMeta("loss", loss.value);
  write({ ...beside, unsent: 0, at: nowUtc() });
  return true;
}

/** Notes beside the store how much of it has not been sent. Not where the store has lost its mark: see `wasEmptied`. */
export async function noteUnsent(unsent: number, device_id: string): Promise<void> {
  const beside = read();
  if (!beside || (beside.unsent === unsent && beside.device_id === device_id)) return;
  if ((await readMeta<string>("mark")) === beside.id) write({ ...beside, unsent, device_id, at: nowUtc() });
}

/** The device that this phone was before its store was emptied. */
export function markedDevice(): string {
  return read()?.device_id ?? "";
}

/** The person has read it. */
export async function understood(): Promise<void> {
  await writeMeta("loss", null);
  loss.value = null;
}

/** The store is emptied on purpose: that is no loss. */
export function dropMark(): void {
  localStorage.removeItem(BESIDE);
}

function read(): Mark | null {
  try {
    return JSON.parse(localStorage.getItem(BESIDE) ?? "null") as Mark | null;
  } catch {
    return null;
  }
}

function write(mark: Mark): void {
  try {
    localStorage.setItem(BESIDE, JSON.stringify(mark));
  } catch {
    // A full phone keeps the older mark, which still tells.
  }
}
