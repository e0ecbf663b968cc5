import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { db, recordKey } from "../store/db";
import { bringPreviews } from "./previews";
import { type Session, session } from "./session";

const OWNER = "anna";
const hash = (number: number) => String(number).padStart(64, "0");

beforeEach(async () => {
  await Promise.all(db.tables.map((table) => table.clear()));
  session.value = { user: { id: OWNER, role: "technician" }, access_token: "t" } as unknown as Session;
  for (let number = 1; number <= 40; number++) {
    const id = String(number).padStart(4, "0");
    await put("receipt", id, { attachments: [hash(number)] });
    await put("attachment", id, { sha256: hash(number), media_type: "image/jpeg", status: "stored" });
  }
});

afterEach(() => vi.unstubAllGlobals());

async function put(entity: string, id: string, record: Record<string, unknown>): Promise<void> {
  const key = recordKey(OWNER, entity, id);
  await db.records.put({ key, owner: OWNER, entity, id, version: 1, record, round: "" });
}

/** A network on which the server answers. Gives the hashes of each request. */
function answering(answer: (sha256s: string[]) => unknown, status = 200): string[][] {
  const asked: string[][] = [];
  vi.stubGlobal("fetch", async (_path: string, options: RequestInit) => {
    const body = options.body as string | ArrayBuffer;
    const text = typeof body === "string" ? body : await unpacked(body);
    const { sha256s } = JSON.parse(text) as { sha256s: string[] };
    asked.push(sha256s);
    const headers = { "Fieldclaim-Protocol": "1" };
    return new Response(JSON.stringify(answer(sha256s)), { status, headers });
  });
  return asked;
}

function unpacked(body: ArrayBuffer): Promise<string> {
  return new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const all = (sha256s: string[]) => ({
  previews: sha256s.map((sha256) => ({ sha256, webp: "AAAA" })),
  later: [],
});

test("they come newest first, in small requests, and no further one begins when there is something to send", async () => {
  const asked = answering(all);
  await bringPreviews(OWNER, async () => asked.length === 1);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.[0]).toBe(hash(40));
  expect(await db.previews.count()).toBe(asked[0]?.length);
  await bringPreviews(OWNER, async () => false);
  expect(await db.previews.count()).toBe(40);
  expect(new Set(asked.flat()).size).toBe(asked.flat().length);
});

test("what is made later is asked for in a later round, and a busy server fails nothing", async () => {
  const asked = answering((sha256s) => ({ previews: [], later: sha256s }));
  await bringPreviews(OWNER, async () => false);
  expect(asked).toHaveLength(1);
  answering(() => ({ code: "server_busy" }), 503);
  await bringPreviews(OWNER, async () => false);
  answering(all);
  await bringPreviews(OWNER, async () => false);
  expect(await db.previews.count()).toBe(40);
});

test("with data saver on nothing is brought", async () => {
  vi.stubGlobal("navigator", { ...navigator, connection: { saveData: true } });
  const asked = answering(all);
  await bringPreviews(OWNER, async () => false);
  expect(asked).toEqual([]);
});
