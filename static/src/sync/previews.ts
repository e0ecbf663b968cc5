/** Bringing previews in the background, when everything else is done: in small requests, newest first. */
import { bringing, dropPreviews, isResting, keep, tidy } from "../store/previews";
import { call, Refusal } from "./api";
import { session, withToken } from "./session";

interface Answer {
  previews: { sha256: string; webp: string }[];
  later: string[];
}

interface Connection {
  saveData?: boolean;
  type?: string;
}

const FEWEST = 5;
const MOST_AT_ONCE = 50;
/** Of the room that the browser gives the app; above it, previews are not worth theirs. */
const FULL = 0.8;
const WIRED_OR_WIFI = new Set(["wifi", "ethernet"]);

/** How many are asked for at once: so many that a change never waits much longer than a second for them. */
let many = 10;
/** Of these the server said nothing. They are asked for again when the app is opened anew. */
const unanswered = new Set<string>();

/** What the phone says of its network; nothing on many. */
export function connection(): Connection {
  return (navigator as { connection?: Connection }).connection ?? {};
}

/** Brings previews until all are here, or `mustStop` says so. Raises Unreachable, and Refusal where the session ended. */
export async function bringPreviews(owner: string, mustStop: () => Promise<boolean>): Promise<void> {
  if (session.value?.user.role !== "technician") return; // the counter shows no pictures
  const { missing, room } = await tidy(owner);
  const wanted = missing.filter((sha256) => !unanswered.has(sha256));
  if (wanted.length === 0 || !(await mayBring())) return;
  try {
    await bringAll(owner, wanted, room, mustStop);
  } catch (error) {
    // Nobody waits for a preview: what the server does not give now is asked for in a later round.
    if (!(error instanceof Refusal) || error.status === 401 || error.wipe) throw error;
  }
}

async function bringAll(
  owner: string,
  wanted: string[],
  room: number,
  mustStop: () => Promise<boolean>,
): Promise<void> {
  let left = room;
  while (wanted.length > 0 && left > 0 && !(await mustStop())) {
    const sha256s = wanted.splice(0, many);
    const began = performance.now();
    const answer = await withToken((token) => call<Answer>("/api/attachments/previews", { sha256s }, token));
    const seconds = (performance.now() - began) / 1000;
    if (seconds < 0.8) many = Math.min(MOST_AT_ONCE, many * 2);
    if (seconds > 2) many = Math.max(FEWEST, many >> 1);
    const brought = new Map(answer.previews.map(({ sha256, webp }) => [sha256, webp ? bytesOf(webp) : null]));
    await keep(owner, brought);
    for (const bytes of brought.values()) left -= bytes?.byteLength ?? 0;
    const later = new Set(answer.later);
    for (const sha256 of sha256s) if (!brought.has(sha256) && !later.has(sha256)) unanswered.add(sha256);
    if (brought.size === 0 && later.size > 0) return; // another phone has them made
    wanted.unshift(...later);
  }
}

async function mayBring(): Promise<boolean> {
  const choice = await bringing();
  const { saveData, type } = connection();
  if (choice === "never" || saveData || (await isResting())) return false;
  if (choice === "wifi" && !WIRED_OR_WIFI.has(type ?? "")) return false;
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate()) ?? {};
  if (usage <= quota * FULL) return true;
  await dropPreviews();
  return false;
}

function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
}
