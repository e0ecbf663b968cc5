import { beforeEach, expect, test, vi } from "vitest";
import { db } from "./db";
import { dropMark, loss, markedDevice, noteUnsent, understood, wasEmptied } from "./mark";

const beside = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (key: string) => beside.get(key) ?? null,
  setItem: (key: string, value: string) => beside.set(key, value),
  removeItem: (key: string) => beside.delete(key),
});

beforeEach(async () => {
  beside.clear();
  await db.meta.clear();
});

test("a new phone has lost nothing", async () => {
  expect(await wasEmptied()).toBe(false);
  expect(await wasEmptied()).toBe(false);
  expect(loss.value).toBeNull();
});

test("an emptied store is told once, with what had not been sent, until the person has understood", async () => {
  await wasEmptied();
  await noteUnsent(3, "device-1");
  await db.meta.clear();
  await noteUnsent(0, "device-1"); // what is counted now is what is left
  expect(await wasEmptied()).toBe(true);
  expect(loss.value?.unsent).toBe(3);
  expect(markedDevice()).toBe("device-1");
  expect(await wasEmptied()).toBe(false);
  expect(loss.value?.unsent).toBe(3);
  await understood();
  expect(await wasEmptied()).toBe(false);
  expect(loss.value).toBeNull();
});

test("a store that was emptied on purpose is no loss", async () => {
  await wasEmptied();
  await noteUnsent(3, "device-1");
  dropMark();
  await db.meta.clear();
  expect(await wasEmptied()).toBe(false);
});
