import { beforeEach, expect, test } from "vitest";
import { adopt, dropAllShares, dropShare, filesOf, keepShare, shares } from "./inbox";

const keep = async (made: FormData) => (await keepShare(made)) ?? "";

beforeEach(async () => {
  for (const owner of ["anna", "bo"]) await dropAllShares(owner);
});

function form(files: File[], words: Record<string, string> = {}): FormData {
  const made = new FormData();
  for (const file of files) made.append("files", file);
  for (const [name, value] of Object.entries(words)) made.append(name, value);
  return made;
}

const pdf = (name: string) => new File(["%PDF-1.7 ", name], name, { type: "application/pdf" });

test("several files that are shared together stay together, in their order", async () => {
  const id = await keep(form([pdf("b.pdf"), pdf("a.pdf")]));
  expect(await shares("anna")).toEqual([{ id, owner: "", note: "", names: ["b.pdf", "a.pdf"] }]);
  const files = await filesOf(id);
  expect(files.map((file) => file.name)).toEqual(["b.pdf", "a.pdf"]);
  expect(new TextDecoder().decode(files[1]?.bytes ?? undefined)).toBe("%PDF-1.7 a.pdf");
});

test("a share is for whoever signs in first, and for nobody else after that", async () => {
  await keep(form([pdf("a.pdf")]));
  expect(await shares("bo")).toHaveLength(1);
  await adopt("anna");
  expect(await shares("bo")).toEqual([]);
  expect(await shares("anna")).toHaveLength(1);
});

test("a share that is dropped takes its files with it, and no other's", async () => {
  const [first, second] = [await keep(form([pdf("a.pdf")])), await keep(form([pdf("b.pdf")]))];
  await dropShare(first);
  expect(await filesOf(first)).toEqual([]);
  expect(await filesOf(second)).toHaveLength(1);
});

test.each([
  ["the file's own name as its title", { title: "a.pdf", text: "for the hotel" }, "for the hotel"],
  ["one text in two fields", { text: "see https://x.cn/1", url: "https://x.cn/1" }, "see https://x.cn/1"],
  ["the same words twice", { title: "Hotel", text: "Hotel" }, "Hotel"],
  [
    "a subject and lines of text",
    { title: "Invoice", text: "Dear Anna,\nhere it is" },
    "Invoice Dear Anna, here it is",
  ],
  ["nothing", {}, ""],
])("shared words become the note: %s", async (_, words, note) => {
  await keep(form([pdf("a.pdf")], words));
  expect((await shares("anna"))[0]?.note).toBe(note);
});

test("a file that is too large leaves its name only", async () => {
  const large = new File([new Uint8Array(25 * 1024 * 1024 + 1)], "film.mp4");
  const id = await keep(form([large]));
  expect(await filesOf(id)).toMatchObject([{ name: "film.mp4", bytes: null }]);
});

test("a form without files and words keeps nothing", async () => {
  expect(await keepShare(form([]))).toBeNull();
  expect(await shares("anna")).toEqual([]);
});
