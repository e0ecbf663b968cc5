import { expect, test } from "vitest";
import { kindsFor, placeOf } from "./notices";

const claim = { target_entity: "claim", target_id: "c1" };
const unit = { target_entity: "tool_unit", target_id: "u1" };
const all = () => true;

test("a notice opens what it tells of, where the person's phone has it", () => {
  expect(placeOf(claim, "technician", all)).toEqual(["claim", "c1"]);
  expect(placeOf(unit, "warehouse", all)).toEqual(["unit", "u1"]);
  expect(placeOf(unit, "technician", () => false)).toEqual(["today"]);
});

test("a notice of what is not on this phone is read where it stands", () => {
  expect(placeOf(claim, "technician", () => false)).toBeNull();
  expect(placeOf(claim, "warehouse", all)).toBeNull();
  expect(placeOf({}, "technician", all)).toBeNull();
});

test("a technician is asked about their waivers' answers, and not about deciding on them", () => {
  expect(kindsFor("technician")).toContain("waiver_expired");
  expect(kindsFor("technician")).not.toContain("waiver_asked");
});
