import { beforeEach, expect, test } from "vitest";
import { db, recordKey } from "./db";
import { bringing, choose, isResting, keep, tidy } from "./previews";
import { create, save } from "./save";

const OWNER = "anna";

beforeEach(async () => {
  await Promise.all(db.tables.map((table) => table.clear()));
});

const hash = (number: number) => String(number).padStart(64, "0");

async function put(entity: string, id: string, record: Record<string, unknown>): Promise<void> {
  await db.records.put({
    key: recordKey(OWNER, entity, id),
    owner: OWNER,
    entity,
    id,
    version: 1,
    record,
    round: "",
  });
}

async function receipt(number: number, media_type = "image/jpeg", status = "stored"): Promise<void> {
  const id = String(number).padStart(4, "0");
  await put("receipt", id, { attachments: [hash(number)] });
  await put("attachment", id, { sha256: hash(number), media_type, status });
}

test("the newest pictures are brought first, at most two hundred, and no file that shows nothing", async () => {
  for (let number = 1; number <= 210; number++) await receipt(number);
  await receipt(300, "application/ofd");
  await receipt(301, "image/jpeg", "pending");
  const { missing } = await tidy(OWNER);
  expect(missing).toHaveLength(200);
  expect(missing.slice(0, 2)).toEqual([hash(210), hash(209)]);
});

test("a preview goes with its record, and with a newer one that takes its room", async () => {
  await receipt(1);
  await receipt(2);
  await keep(OWNER, new Map([1, 2].map((number) => [hash(number), new ArrayBuffer(9)])));
  await db.records.delete(recordKey(OWNER, "receipt", "0001"));
  expect((await tidy(OWNER)).missing).toEqual([]);
  expect((await db.previews.toArray()).map((preview) => preview.sha256)).toEqual([hash(2)]);

  await receipt(3);
  await keep(OWNER, new Map([[hash(3), new ArrayBuffer(1_000_000)]]));
  expect((await tidy(OWNER)).room).toBe(0);
  expect((await db.previews.toArray()).map((preview) => preview.sha256)).toEqual([hash(3)]);
});

test("on a full phone the previews make room, and the save goes through", async () => {
  await receipt(1);
  await keep(OWNER, new Map([[hash(1), new ArrayBuffer(9)]]));
  let room = 0;
  const full = () => {
    if (room++ === 0) throw new DOMException("no room", "QuotaExceededError");
  };
  db.bytes.hook("creating", full);
  const photo = {
    sha256: hash(2),
    media_type: "image/jpeg",
    size: 3,
    bytes: new ArrayBuffer(3),
    preview: null,
  };
  await save(OWNER, [create("receipt", { note: "x" })], [photo]);
  db.bytes.hook("creating").unsubscribe(full);
  expect(await db.changes.count()).toBe(2);
  expect(await db.previews.count()).toBe(0);
  expect(await isResting()).toBe(true);
});

test("whoever wants none has none", async () => {
  await keep(OWNER, new Map([[hash(1), new ArrayBuffer(9)]]));
  expect(await bringing()).toBe("always");
  await choose("never");
  expect(await bringing()).toBe("never");
  expect(await db.previews.count()).toBe(0);
});
