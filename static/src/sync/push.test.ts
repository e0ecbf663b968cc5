import { afterEach, expect, test, vi } from "vitest";
import { db, type StoredChange } from "../store/db";
import { Refusal } from "./api";
import { nextBatch, push } from "./push";
import { session } from "./session";

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

/** A server that fails over some records and applies all others. */
function serverFailingOver(...poison: string[]): void {
  vi.stubGlobal("fetch", async (_path: string, options: RequestInit) => {
    const { changes } = JSON.parse(await bodyOf(options)) as { changes: StoredChange[] };
    const headers = { "Fieldclaim-Protocol": "1" };
    if (changes.some((item) => poison.includes(item.record_id))) {
      return Response.json({ code: "server_error" }, { status: 500, headers });
    }
    const verdicts = changes.map(({ change_id }) => ({ change_id, status: "applied", version: 1, seq: 1 }));
    return Response.json({ epoch: "e", durable_seq: 0, server_time: "", verdicts }, { headers });
  });
}

async function bodyOf({ body }: RequestInit): Promise<string> {
  if (typeof body === "string") return body;
  return new Response(
    new Blob([body as ArrayBuffer]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).text();
}

async function fillOutbox(...records: string[]): Promise<void> {
  session.value = { access_token: "t", device_id: "d" } as typeof session.value;
  await db.changes.clear();
  await db.changes.bulkAdd(records.map((record_id, at) => change(at + 1, record_id)));
}

afterEach(() => vi.unstubAllGlobals());

test("a change over which the server fails is put aside, and all others go through", async () => {
  const records = Array.from({ length: 51 }, (_, at) => `r${at}`);
  await fillOutbox(...records);
  serverFailingOver("r17");
  await push("anna", "e");
  const all = await db.changes.toArray();
  expect(all.filter((item) => item.state === "done")).toHaveLength(50);
  expect(all.filter((item) => item.state === "rejected").map((item) => item.record_id)).toEqual(["r17"]);
  expect(all[17]?.code).toBe("server_error");
});

test("where the server fails over everything, no change is blamed", async () => {
  await fillOutbox("a", "b");
  serverFailingOver("a", "b");
  await expect(push("anna", "e")).rejects.toBeInstanceOf(Refusal);
  expect((await db.changes.toArray()).map((item) => item.state)).toEqual(["waiting", "waiting"]);
});

test("a notice that the server has forgotten leaves nothing behind in the outbox", async () => {
  await fillOutbox("n1", "n2", "r1");
  await db.changes.filter(({ record_id }) => record_id !== "r1").modify({ entity: "notice" });
  const codes = {
    n1: ["rejected", "record_deleted"],
    n2: ["held", "record_unknown"],
    r1: ["rejected", "record_deleted"],
  };
  vi.stubGlobal("fetch", async (_path: string, options: RequestInit) => {
    const { changes } = JSON.parse(await bodyOf(options)) as { changes: StoredChange[] };
    const verdicts = changes.map(({ change_id, record_id }) => {
      const [status, code] = codes[record_id as keyof typeof codes];
      return { change_id, status, code };
    });
    const headers = { "Fieldclaim-Protocol": "1" };
    return Response.json({ epoch: "e", durable_seq: 0, server_time: "", verdicts }, { headers });
  });
  await push("anna", "e");
  const left = await db.changes.toArray();
  expect(left.map((item) => [item.record_id, item.state])).toEqual([["r1", "rejected"]]);
});
