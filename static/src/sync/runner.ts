/** The one that syncs: a single tab at a time, woken by a save, a return to the screen, or its own clock. */
import { signal } from "@preact/signals";
import { db, readMeta, type StoredChange, writeMeta } from "../store/db";
import { wasEmptied } from "../store/mark";
import { Refusal, Unreachable } from "./api";
import { compare, confirmed, forget, noticeEpoch } from "./durable";
import { bringPreviews } from "./previews";
import { pull } from "./pull";
import { push, type Stand } from "./push";
import { endSession, session, wipe } from "./session";
import { upload } from "./upload";

export type Line = "idle" | "working" | "unreachable" | "signed_out" | "failing";

/** How the line to the server stands. */
export const line = signal<Line>("idle");
/** Set when the server told this phone to wipe itself. */
export const wiped = signal("");

const LOCK = "fieldclaim-sync";
const SOONEST = 2_000;
const LATEST = 60_000;
const LONGEST_WISH = 900; // seconds: a server may ask for more patience than we have of our own, but not for ever
/** Where the time is kept before which the server does not want to be asked: for every tab, and after a reload too. */
const NOT_BEFORE = "not_before";
/** Of two phones that lost the server at the same moment, none comes back at the same moment as the other. */
const jitter = () => 0.7 + Math.random() * 0.3;

let pause = SOONEST;
let timer: ReturnType<typeof setTimeout> | undefined;
let isRunning = false;
let isWanted = false;

/** Syncs soon, in this tab or in the one that is at it. */
export function wake(): void {
  confirmed.value = false;
  pause = SOONEST;
  schedule(50);
}

/** The person's own press goes at once, also before the time that the server asked for. */
export function syncNow(): void {
  wake();
  schedule(0, true);
}

/** Begins to sync by itself: at once, and again whenever there is a reason. */
export function start(): void {
  const onReturn = () => {
    if (document.visibilityState === "visible") schedule(50);
  };
  document.addEventListener("visibilitychange", onReturn);
  window.addEventListener("online", onReturn); // a hint, no more: the server is asked in any case
  window.addEventListener("pageshow", onReturn);
  schedule(0);
}

function schedule(after: number, isPressed = false): void {
  clearTimeout(timer);
  timer = setTimeout(() => void turn(isPressed), after);
}

async function turn(isPressed: boolean): Promise<void> {
  const rest = isPressed ? 0 : await restOfWish();
  if (rest > 0) return schedule(rest);
  if (isRunning) {
    isWanted = true;
    return;
  }
  isRunning = true;
  isWanted = false;
  try {
    await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) await once();
    });
  } finally {
    isRunning = false;
    schedule(isWanted ? 50 : pause * jitter());
  }
}

/** How long the server still wants to be left alone, in milliseconds. A clock that was set back does not prolong it. */
async function restOfWish(): Promise<number> {
  const until = await readMeta<number>(NOT_BEFORE).catch(() => 0);
  const rest = (until ?? 0) - Date.now();
  return rest > LONGEST_WISH * 1500 ? 0 : rest;
}

/** One round: send, pull, upload, compare, forget; then previews, as long as nothing else is to do. What is saved during a long upload goes between its parts. */
async function once(): Promise<void> {
  const owner = session.value?.user.id;
  if (!owner || session.value?.ended) return;
  line.value = "working";
  const wasConfirmed = confirmed.value;
  try {
    if (await wasEmptied()) {
      session.value = null; // it went with the store
      return;
    }
    let stand = await exchange(owner);
    if (await noticeEpoch(owner, stand)) stand = await exchange(owner);
    if (await upload(owner, () => exchangeNew(owner))) stand = await pull(owner);
    confirmed.value = (await isAllSent(owner)) && (await compare(owner));
    await forget(owner, stand);
    line.value = "idle";
    await writeMeta(NOT_BEFORE, 0);
    // What the server turns out to lack goes out soon, not after the long pause of a phone that has nothing to send.
    const before = wasConfirmed ? SOONEST : pause;
    pause = confirmed.value ? LATEST / 2 : Math.min(LATEST, before * 2);
    await bringPreviews(owner, async () => isWanted || !(await isAllSent(owner)));
  } catch (error) {
    await onFailure(owner, error);
  }
}

/** Sends what waits and brings what is new. */
async function exchange(owner: string): Promise<Stand> {
  await push(owner, (await readMeta<string>(`epoch/${owner}`)) ?? "");
  return pull(owner);
}

async function exchangeNew(owner: string): Promise<void> {
  const isNew = (change: StoredChange) => !change.code; // what is held waits for what is being sent
  if (await db.changes.where({ owner, state: "waiting" }).filter(isNew).count()) await exchange(owner);
}

async function isAllSent(owner: string): Promise<boolean> {
  const waiting = await db.changes.where({ owner, state: "waiting" }).count();
  const files = await db.files.where({ owner, state: "waiting" }).count();
  return waiting + files === 0;
}

async function onFailure(owner: string, error: unknown): Promise<void> {
  pause = Math.min(LATEST, pause * 2);
  if (error instanceof Refusal && error.retryAfter) {
    const wish = Math.min(error.retryAfter, LONGEST_WISH) * 1000;
    await writeMeta(NOT_BEFORE, Date.now() + wish * (1 + Math.random() / 2)); // never earlier, not all together
  }
  if (error instanceof Unreachable) {
    line.value = "unreachable";
  } else if (error instanceof Refusal && error.wipe) {
    await wipe(owner);
    wiped.value = error.code;
    line.value = "idle";
  } else if (error instanceof Refusal && error.status === 401) {
    await endSession(error.code === "refresh_reused");
    line.value = "signed_out";
  } else {
    line.value = "failing";
  }
}
