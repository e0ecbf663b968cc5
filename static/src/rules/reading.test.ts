import { expect, test } from "vitest";
import {
  differences,
  type Evidence,
  fromDocuments,
  readFacts,
  readLegs,
  readPlaces,
  sureness,
  type Typed,
} from "./reading";

const fact = (kind: string, value: string, source = "xml", more: Partial<Evidence> = {}): Evidence => ({
  kind,
  value,
  source,
  attachment: "",
  confidence: 1,
  division: null,
  ...more,
});

const TYPED: Typed = {
  fapiao_code: "",
  fapiao_number: "26332000000012345678",
  issued_on: "2026-11-24",
  amount_minor: 32800,
  seller_name: "西湖宾馆",
  seller_tax_id: "91330100799655058B",
};

test("a file's data is believed before the code, the code before the text, and all before a picture's text", () => {
  const order = ["xml", "ofd", "qr", "pdf", "ocr"];
  const evidence = order
    .toReversed()
    .map((source) => fact("amount_total", source, source, { confidence: 0.5 }));
  for (const expected of order) {
    expect(readFacts(evidence).get("amount_total")?.source).toBe(expected);
    evidence.pop();
  }
});

test("of two readings of one rank the surer one counts", () => {
  const evidence = [
    fact("seller_name", "西湖兵馆", "ocr", { confidence: 0.4 }),
    fact("seller_name", "西湖宾馆", "ocr", { confidence: 0.8 }),
    fact("seller_name", "西糊宾馆", "ocr", { confidence: 0.7 }),
  ];
  expect(readFacts(evidence).get("seller_name")?.value).toBe("西湖宾馆");
});

test("what is sure counts before what is only of a better kind", () => {
  const evidence = [fact("seller_name", "a", "pdf", { confidence: 0.5 }), fact("seller_name", "b", "ocr")];
  expect(readFacts(evidence).get("seller_name")?.value).toBe("b");
});

test("what was typed, measured by the phone or seen by a person was not read from the document", () => {
  const evidence = ["typed", "phone", "018f-user"].map((source) => fact("fapiao_number", "1", source));
  expect(readFacts(evidence).size).toBe(0);
});

test("an item of the first version, without a confidence, is sure", () => {
  const item = { kind: "fapiao_region", value: "x", source: "qr", division: "330000" };
  expect(sureness(item)).toBe("sure");
  expect(readPlaces([item])).toEqual([item]);
});

test.each([
  [1, "sure"],
  [0.9, "sure"],
  [0.89, "likely"],
  [0.6, "likely"],
  [0.3, "unsure"],
])("a confidence of %d is called %s", (confidence, word) => {
  expect(sureness(fact("item", "x", "ocr", { confidence }))).toBe(word);
});

test("a form that says what the document says has no difference", () => {
  const same = [
    fact("fapiao_number", "26332000000012345678"),
    fact("issued_on", "2026-11-24"),
    fact("amount_total", "32800"),
    fact("seller_name", "西湖 宾馆"),
    fact("seller_tax_id", "91330100799655058b"),
  ];
  expect(differences(TYPED, same)).toEqual([]);
});

test("full-width and narrow forms are one and the same", () => {
  const typed = { ...TYPED, seller_name: "杭州(西湖)宾馆" };
  expect(differences(typed, [fact("seller_name", "杭州（西湖）宾馆")])).toEqual([]);
});

test("each field that differs comes with what was read, in the order of the form", () => {
  const evidence = [
    fact("amount_total", "38200", "qr"),
    fact("issued_on", "2026-11-23"),
    fact("item", "住宿"),
  ];
  const found = differences(TYPED, evidence).map(({ field, read }) => [field, read.value, read.source]);
  expect(found).toEqual([
    ["issued_on", "2026-11-23", "xml"],
    ["amount_minor", "38200", "qr"],
  ]);
});

test("a field left empty differs from what was read, and a wrong amount from any", () => {
  const typed = { ...TYPED, seller_tax_id: "", amount_minor: null };
  const evidence = [fact("seller_tax_id", "91330100799655058B"), fact("amount_total", "0")];
  expect(differences(typed, evidence).map(({ field }) => field)).toEqual(["amount_minor", "seller_tax_id"]);
});

test("the amount without tax is not compared with the total", () => {
  expect(differences(TYPED, [fact("amount_net", "30000", "qr")])).toEqual([]);
});

test("places come strongest first, with what finance saw at the end, and never what was typed", () => {
  const evidence = [
    fact("reviewer", "stamp: Xihu", "018f-user", { division: "330106" }),
    fact("seller_registration", "91330100799655058B", "pdf", { division: "330100" }),
    fact("typed", "330100", "typed", { division: "330100" }),
    fact("seller_registration", "91330100799655058B", "typed", { division: "330100" }),
    fact("service_place", "杭州市西湖区", "xml", { division: "330106" }),
    fact("seller_address", "nowhere", "xml", { division: "" }),
  ];
  expect(readPlaces(evidence).map((item) => item.kind)).toEqual([
    "service_place",
    "seller_registration",
    "reviewer",
  ]);
});

test("a journey is told leg by leg", () => {
  const evidence = [
    fact("departure", "杭州东", "xml", { leg: 1 }),
    fact("destination", "上海虹桥", "xml", { leg: 1 }),
    fact("departure", "上海虹桥"),
    fact("destination", "杭州东"),
    fact("travel_on", "2026-11-20"),
  ];
  expect(readLegs(evidence)).toEqual([
    { departure: "上海虹桥", destination: "杭州东", travel_on: "2026-11-20" },
    { departure: "杭州东", destination: "上海虹桥", travel_on: "" },
  ]);
  expect(readLegs([fact("travel_on", "2026-11-20")])).toEqual([]);
});

test("what the server took from the form's own numbers is not taken for a document's word", () => {
  const read = fact("service_place", "杭州", "pdf", { attachment: "a1" });
  const seen = fact("reviewer", "stamp", "018f-user");
  expect(
    fromDocuments([fact("fapiao_region", "26", "qr"), fact("typed", "330100", "typed"), read, seen]),
  ).toEqual([read, seen]);
});
