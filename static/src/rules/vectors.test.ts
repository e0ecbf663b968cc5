/** The vectors that the server's rules pass as well. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allowanceOf, firstShared } from "./allowance";
import { samePrefecture } from "./divisions";
import { creditCodeError, parseFapiao, registrationRegion } from "./fapiao";
import type { TripPlaces } from "./journey";
import { type Limit, type Limited, limitWarnings } from "./limits";
import { kindsFor } from "./notices";
import { placeWarnings, type ReceiptFacts, type Stop } from "./place";
import { parseQr } from "./qr";
import { codeIn, kindKey, labelOf, normalShelf, purchaseCode, serialKey } from "./tools";
import { mayAsk } from "./waiving";
import { dateWarnings, receiptWarnings } from "./warnings";

interface Case<I> {
  name: string;
  input: I;
  expect: unknown;
}

function run<I>(file: string, read: (input: I) => unknown): void {
  const path = new URL(`../../../tests/vectors/${file}.json`, import.meta.url);
  const { about, cases } = JSON.parse(readFileSync(path, "utf8")) as { about: string; cases: Case<I>[] };
  describe(about, () => {
    test.each(cases)("$name", (given) => expect(read(given.input)).toEqual(given.expect));
  });
}

run<string>("credit_code", (text) => ({ error: creditCodeError(text), region: registrationRegion(text) }));
run<{ code: string; number: string }>("fapiao", ({ code, number }) => parseFapiao(code, number));
run<string>("qr", parseQr);
run<{ type: string; amount: string; typed_minor: number }>("qr_amount", ({ type, amount, typed_minor }) => {
  const isDigital = type === "32";
  const fapiao_code = isDigital ? "" : "033002000211";
  const fapiao_number = isDigital ? "23442000000014209621" : "83089647";
  const qr_text = `01,${type},${fapiao_code},${fapiao_number},${amount},20201110,,0941,`;
  const receipt: ReceiptFacts = {
    category: "lodging",
    issued_on: "2020-11-10",
    amount_minor: typed_minor,
    seller_tax_id: "",
    fapiao_code,
    fapiao_number,
    qr_text,
  };
  const found = receiptWarnings(receipt, { home_division: "310000", stops: [], legs: [] }, []);
  return !found.some((warning) => warning.code === "qr_contradicts_typed");
});
run<[string, string]>("division", ([left, right]) => samePrefecture(left, right));
run<TripPlaces & { receipt: ReceiptFacts }>("place", ({ receipt, ...trip }) =>
  placeWarnings(receipt, trip).map((warning) => warning.code),
);
run<Pick<ReceiptFacts, "category" | "issued_on" | "qr_text"> & Stop>("dates", (given) =>
  dateWarnings(given, [given]).map((warning) => warning.code),
);
run<{
  receipt: Limited;
  limits: [kind: string, subject: string, value: number | null, applies_from: string][];
  spent_before_minor?: number;
}>("limits", ({ receipt, limits, spent_before_minor }) => {
  const known: Limit[] = limits.map(([kind, subject, value, applies_from]) => ({
    kind,
    subject,
    value,
    applies_from,
  }));
  const stop = { division_code: "330110", arrive_on: "2026-11-09", leave_on: "2026-11-13" };
  return limitWarnings(receipt, [stop], known, spent_before_minor).map(({ code, params }) => [
    code,
    params.over,
  ]);
});
run<{
  first: string;
  last: string;
  stops: [division_code: string, arrive_on: string, leave_on: string][];
  limits: [kind: string, subject: string, value: number | null, applies_from: string][];
}>("allowance", ({ first, last, stops, limits }) => {
  const found = allowanceOf(
    first,
    last,
    stops.map(([division_code, arrive_on, leave_on]) => ({ division_code, arrive_on, leave_on })),
    limits.map(([kind, subject, value, applies_from]) => ({ kind, subject, value, applies_from })),
  );
  return "code" in found ? [found.code, found.day] : found.map((item) => [item.day, item.rate_minor]);
});
run<{ first: string; last: string; others: [string, string][] }>(
  "allowance_taken",
  ({ first, last, others }) => firstShared(first, last, others),
);
run<string>("notice_kinds", kindsFor);
run<string>("tool_serial", serialKey);
run<[name: string, model: string]>("tool_kind", ([name, model]) => kindKey(name, model));
run<string>("tool_code", (id) => ({ label: labelOf(id), purchase: purchaseCode(id) }));
run<string>("tool_scan", codeIn);
run<string>("tool_shelf", normalShelf);
run<{ line: Parameters<typeof mayAsk>[1]; waivers: Parameters<typeof mayAsk>[2] }>(
  "waiver_ask",
  ({ line, waivers }) => mayAsk("place_mismatch", line, waivers, "2026-11-18"),
);
