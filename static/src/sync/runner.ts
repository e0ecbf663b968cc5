/** The one that syncs: a single tab at a time, woken by a save, a return to the screen, or its own clock. */
import { signal } from "@preact/signals";
import { db, readMeta } from "../store/db";
import { Refusal, Unreachable } from "./api";
import { compare, confirmed, forget, noticeEpoch } from "./durable";
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

function schedule(after: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void turn(), after);
}

async function turn(): Promise<void> {
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
    schedule(isWanted ? 50 : pause);
  }
}

/** One round: send, upload, pull, compare, forget. */
async function once(): Promise<void> {
  const owner = session.value?.user.id;
  if (!owner || session.value?.ended) return;
  line.value = "working";
  try {
    const epoch = (await readMeta<string>(`epoch/${owner}`)) ?? "";
    await push(owner, epoch);
    await upload(owner);
    let stand: Stand = await pull(owner);
    if (await noticeEpoch(owner, stand)) {
      await push(owner, stand.epoch);
      await upload(owner);
      stand = await pull(owner);
    }
    confirmed.value = (await isAllSent(owner)) && (await compare(owner));
    await forget(owner, stand);
    line.value = "idle";
    pause = LATEST / 2;
  } catch (error) {
    await onFailure(owner, error);
  }
}

async function isAllSent(owner: string): Promise<boolean> {
  const waiting = await db.changes.where({ owner, state: "waiting" }).count();
  const files = await db.files.where({ owner, state: "waiting" }).count();
  return waiting + files === 0;
}

async function onFailure(owner: string, error: unknown): Promise<void> {
  pause = Math.min(LATEST, pause * 2);
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
