import { beforeEach, expect, test } from "vitest";
import { claimAgain, drop, sendAgain } from "./again";
import { db, type StoredChange } from "./db";
import { create, save, update } from "./save";

const OWNER = "anna";
const CLAIM = { id: "claim", status: "draft", version: 1 };

beforeEach(async () => {
  await Promise.all(db.tables.map((table) => table.clear()));
});

async function outbox(): Promise<StoredChange[]> {
  return db.changes.orderBy("order").toArray();
}

/** An allowance, its claim, its line and the word that it is handed in; each as the server answered it. */
async function claimed(...states: StoredChange["state"][]): Promise<StoredChange[]> {
  await save(OWNER, [
    create("receipt", { category: "allowance", issued_on: "2026-11-09" }, "receipt"),
    create("claim", { status: "draft" }, "claim"),
    create("claim_line", { claim_id: "claim", receipt_id: "receipt", amount_minor: 30000 }, "line"),
    update("claim", CLAIM, { status: "submitted" }),
  ]);
  const made = await outbox();
  for (const [at, state] of states.entries())
    await db.changes.update(Number(made[at]?.order), { state, ...(state === "rejected" && { code: "x" }) });
  return outbox();
}

async function otherDays(): Promise<boolean> {
  const receipt = { id: "receipt", issued_on: "2026-11-09", version: 1 };
  await save(OWNER, [update("receipt", receipt, { issued_on: "2026-11-11" })]);
  return claimAgain(OWNER, "receipt", 10000);
}

const told = (changes: StoredChange[]) => changes.map(({ entity, op, state }) => `${entity} ${op} ${state}`);

test("a line of taken days goes again behind the new days, and its claim behind it", async () => {
  const before = await claimed("done", "done", "rejected", "rejected");
  expect(await otherDays()).toBe(false);
  const after = await outbox();
  expect(told(after)).toEqual([
    "receipt create done",
    "claim create done",
    "receipt update waiting",
    "claim_line create waiting",
    "claim update waiting",
  ]);
  expect(after[3]?.fields.amount_minor).toBe(10000);
  expect(after[3]).toMatchObject({ record_id: "line", code: "", errors: {}, params: {} });
  const answered = new Set(before.map((change) => change.change_id));
  expect(after.slice(2).filter((change) => answered.has(change.change_id))).toEqual([]);
});

test("when its claim has gone without it, the line is given up", async () => {
  await claimed("done", "done", "rejected", "done");
  expect(await otherDays()).toBe(true);
  expect(told(await outbox())).not.toContain("claim_line create rejected");
  expect((await outbox()).filter((change) => change.entity === "claim_line")).toEqual([]);
});

test("while its claim is not answered yet, the line is not given up", async () => {
  await claimed("done", "done", "rejected", "waiting");
  expect(await otherDays()).toBe(false);
  expect(told(await outbox())).toEqual([
    "receipt create done",
    "claim create done",
    "claim update waiting",
    "receipt update waiting",
    "claim_line create waiting",
  ]);
});

test("where the allowance itself was refused, its claim goes again in its place", async () => {
  const before = await claimed("rejected", "done", "waiting", "rejected");
  expect(await otherDays()).toBe(false);
  const after = await outbox();
  expect(told(after)).toEqual([
    "receipt create waiting",
    "claim create done",
    "claim_line create waiting",
    "claim update waiting",
  ]);
  expect(after[0]?.fields.issued_on).toBe("2026-11-11");
  expect(after[2]?.change_id).toBe(before[2]?.change_id);
  expect(after[3]?.change_id).not.toBe(before[3]?.change_id);
});

test("an allowance that is claimed already, or by another person, sends nothing again", async () => {
  await claimed("done", "done", "done", "done");
  expect(await claimAgain(OWNER, "receipt", 10000)).toBe(false);
  expect(await claimAgain("bert", "receipt", 10000)).toBe(false);
  expect(told(await outbox())).toHaveLength(4);
});

test("mended twice, or in two tabs at once, it goes once", async () => {
  await claimed("done", "done", "rejected", "rejected");
  await Promise.all([claimAgain(OWNER, "receipt", 10000), claimAgain(OWNER, "receipt", 10000)]);
  expect(told(await outbox())).toEqual([
    "receipt create done",
    "claim create done",
    "claim_line create waiting",
    "claim update waiting",
  ]);
});

test("a tab that shows a refused change that another tab has sent again neither sends nor drops it", async () => {
  const line = (await claimed("done", "done", "rejected", "done"))[2] as StoredChange;
  await sendAgain(line);
  const sent = (await outbox())[2];
  expect(sent).toMatchObject({ state: "waiting", code: "", fields: line.fields, order: line.order });
  expect(sent?.change_id).not.toBe(line.change_id);
  await sendAgain(line, { fields: {} });
  await drop(line);
  expect((await outbox())[2]).toEqual(sent);
});
