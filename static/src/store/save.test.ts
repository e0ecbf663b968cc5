import { forceCloseDatabase } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { db, type StoredChange } from "./db";
import { create, SaveFailed, save, update } from "./save";
import { overlay } from "./view";

const OWNER = "anna";

beforeEach(async () => {
  await Promise.all(db.tables.map((table) => table.clear()));
});

async function outbox(): Promise<StoredChange[]> {
  return db.changes.orderBy("order").toArray();
}

test("a save writes the change, its photo and the end of the draft together", async () => {
  await db.drafts.put({ key: "anna/receipt/new", owner: OWNER, value: {} });
  await db.drafts.put({ key: "anna/receipt/new/photos", owner: OWNER, value: {} });
  const bytes = new ArrayBuffer(3);
  const photo = { sha256: "a".repeat(64), media_type: "image/jpeg", size: 3, bytes, preview: null };
  await save(OWNER, [create("receipt", { note: "x" })], [photo], "anna/receipt/new");
  expect((await outbox()).map((change) => change.entity)).toEqual(["attachment", "receipt"]);
  expect(await db.bytes.count()).toBe(1);
  expect(await db.drafts.count()).toBe(0);
});

test("a connection that the system closed is opened again by the next save", async () => {
  await save(OWNER, [create("receipt", { note: "before" })]);
  forceCloseDatabase(db.backendDB() as never);
  await save(OWNER, [create("receipt", { note: "after" })]);
  expect((await outbox()).map((change) => change.fields.note)).toEqual(["before", "after"]);
});

test("the repair of a rejected change takes its place under a new id", async () => {
  const [made] = await save(OWNER, [create("receipt", { note: "too long", amount_minor: 1 })]);
  await db.changes.toCollection().modify({ state: "rejected", code: "invalid_fields" });
  await save(OWNER, [
    update("receipt", { id: made?.record_id, note: "too long", version: 0 }, { note: "short" }),
  ]);
  const changes = await outbox();
  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject({
    op: "create",
    state: "waiting",
    fields: { note: "short", amount_minor: 1 },
  });
  expect(changes[0]?.change_id).not.toBe(made?.change_id);
});

test("what was saved is in every list at once, and stays until the server's own record has come", async () => {
  const [made] = await save(OWNER, [create("receipt", { note: "x" })]);
  const shown = async () =>
    overlay([], await outbox())
      .get("receipt")
      ?.get(made?.record_id ?? "");
  expect(await shown()).toMatchObject({ note: "x", $state: "phone" });
  const order = (await outbox())[0]?.order ?? 0;
  await db.changes.update(order, { state: "done", version: 1, settled: false });
  expect(await shown()).toMatchObject({ note: "x", $state: "server" });
  await db.changes.update(order, { settled: true });
  expect(await shown()).toBeUndefined();
});

test("a full phone refuses the whole save, says why, and keeps the draft", async () => {
  await db.drafts.put({ key: "anna/receipt/new", owner: OWNER, value: { note: "typed" } });
  const full = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  db.bytes.hook("creating", full);
  const bytes = new ArrayBuffer(3);
  const photo = { sha256: "b".repeat(64), media_type: "image/jpeg", size: 3, bytes, preview: null };
  const saving = save(OWNER, [create("receipt", { note: "typed" })], [photo], "anna/receipt/new");
  await expect(saving).rejects.toEqual(new SaveFailed("storage_full"));
  db.bytes.hook("creating").unsubscribe(full);
  expect(await outbox()).toEqual([]);
  expect(await db.files.count()).toBe(0);
  expect(await db.drafts.count()).toBe(1);
});
