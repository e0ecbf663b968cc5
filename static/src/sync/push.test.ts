import { expect, test } from "vitest";
import type { StoredChange } from "../store/db";
import { nextBatch } from "./push";

function change(order: number, record_id: string, more: Partial<StoredChange> = {}): StoredChange {
  return {
    order,
    schema: 1,
    owner: "anna",
    change_id: `change-${order}`,
    entity: "receipt",
    record_id,
    op: "update",
    fields: {},
    base: {},
    base_version: 1,
    made_at: "2026-11-24T08:00:00Z",
    state: "waiting",
    ...more,
  };
}

const orders = (changes: StoredChange[]) => changes.map((item) => item.order);

test("a change that needs the person holds up its own record and no other", () => {
  const all = [change(1, "a", { state: "conflict" }), change(2, "a"), change(3, "b"), change(4, "c")];
  expect(orders(nextBatch(all))).toEqual([3, 4]);
});

test("a batch holds at most a hundred changes", () => {
  const all = Array.from({ length: 250 }, (_, at) => change(at, `r${at}`));
  expect(nextBatch(all)).toHaveLength(100);
});

test("a batch stays under the server's limit of bytes, and one large change still goes", () => {
  const note = "x".repeat(500_000);
  const all = [change(1, "a", { fields: { note } }), change(2, "b", { fields: { note } }), change(3, "c")];
  expect(orders(nextBatch(all))).toEqual([1]);
  expect(orders(nextBatch([change(1, "a", { fields: { note: note + note } })]))).toEqual([1]);
});

test("what was tried in this round is not tried again", () => {
  expect(orders(nextBatch([change(1, "a"), change(2, "b")], new Set(["change-1"])))).toEqual([2]);
});
