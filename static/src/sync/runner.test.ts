import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { db } from "../store/db";
import { start, syncNow, wake } from "./runner";
import { session } from "./session";

const WISH = 120; // seconds
const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
const view = new EventTarget();
/** When the server was asked, in milliseconds since it first said no. */
let asked: number[] = [];
let began = 0;
let retryAfter = "";

/** A server that cannot now, and says when it can again. */
async function refuse(): Promise<Response> {
  began ||= Date.now();
  asked.push(Date.now() - began);
  const headers = { "Fieldclaim-Protocol": "1", ...(retryAfter && { "Retry-After": retryAfter }) };
  return Response.json({ code: "server_busy" }, { status: 503, headers });
}

/** Lets so many seconds pass, each with what the store does in it. */
async function pass(seconds: number): Promise<void> {
  for (let at = 0; at < seconds * 2; at++) {
    await vi.advanceTimersByTimeAsync(500);
    for (let turn = 0; turn < 12; turn++) await new Promise((done) => setImmediate(done));
  }
}

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", view);
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal("fetch", refuse);
  session.value = {
    access_token: "t",
    device_id: "d",
    user: { id: "anna" },
  } as unknown as typeof session.value;
  start();
});

beforeEach(async () => {
  await db.meta.delete("not_before");
  await pass(1);
  retryAfter = String(WISH);
  asked = [];
  began = 0;
  wake();
  await pass(1);
  expect(asked).toEqual([0]);
});

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the phone comes back after the time that the server asked for, and at most half as long after it", async () => {
  await pass(WISH * 1.5 + 2);
  expect(asked[1]).toBeGreaterThanOrEqual(WISH * 1000);
  expect(asked[1]).toBeLessThanOrEqual(WISH * 1500 + 1000);
});

test("neither a save nor a return to the screen nor a network comes before that time", async () => {
  await pass(WISH / 2);
  wake();
  page.dispatchEvent(new Event("visibilitychange"));
  view.dispatchEvent(new Event("online"));
  view.dispatchEvent(new Event("pageshow"));
  await pass(WISH / 2 - 3);
  expect(asked).toEqual([0]);
  await pass(WISH / 2 + 5);
  expect(asked).toHaveLength(2);
});

test("the person's own press goes at once, and what follows it keeps to the wish again", async () => {
  await pass(10);
  retryAfter = "";
  syncNow();
  await pass(1);
  expect(asked).toHaveLength(2);
  wake();
  await pass(WISH - 20);
  expect(asked).toHaveLength(2);
});

test("a clock that is set back does not prolong the wish", async () => {
  vi.setSystemTime(Date.now() - 86_400_000);
  wake();
  await pass(1);
  expect(asked).toHaveLength(2);
});
