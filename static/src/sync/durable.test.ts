import { expect, test } from "vitest";
import { db, readMeta, type StoredChange, writeMeta } from "../store/db";
import { noticeEpoch } from "./durable";

test("a phone that dies while it notices a restored server notices it again", async () => {
  const change: StoredChange = {
    schema: 1,
    owner: "anna",
    change_id: "change-1",
    entity: "receipt",
    record_id: "a",
    op: "update",
    fields: {},
    base: {},
    base_version: 1,
    made_at: "2026-11-24T08:00:00Z",
    state: "done",
  };
  await db.changes.add(change);
  await writeMeta("epoch/anna", "first");
  const dies = () => {
    throw new Error("the battery is dead");
  };
  db.changes.hook("updating", dies);
  await expect(noticeEpoch("anna", { epoch: "second", durable_seq: 0 })).rejects.toThrow();
  db.changes.hook("updating").unsubscribe(dies);

  expect(await readMeta("epoch/anna")).toBe("first");
  expect(await noticeEpoch("anna", { epoch: "second", durable_seq: 0 })).toBe(true);
  expect((await db.changes.where({ owner: "anna" }).toArray()).map((kept) => kept.state)).toEqual([
    "waiting",
  ]);
  expect(await noticeEpoch("anna", { epoch: "second", durable_seq: 0 })).toBe(false);
});
