import { expect, test } from "vitest";
import { findDifferences } from "./stock-count";
import { ownedLike, type ToolKind } from "./tool-kinds";
import {
  answers,
  findTools,
  issueWarnings,
  labelOf,
  type Purchase,
  purchaseCode,
  serialWarnings,
  stockInWarnings,
  type Unit,
  unitNow,
} from "./tools";

const ID = "019ab000-0000-7000-8000-0000000000";
const wrench: Purchase = { id: `${ID}01`, name: "扭力扳手", quantity: 2, serial_numbers: ["TW-1", "TW-2"] };
const meter: Purchase = { id: `${ID}02`, name: "Vibration meter", quantity: 1, serial_numbers: ["VB-71"] };
const unit = (end: string, more: Partial<Unit> = {}): Unit => ({
  id: ID + end,
  status: "stocked_in",
  ...more,
});
const codes = (warnings: { code: string }[]) => warnings.map((warning) => warning.code);
const nobody = () => "";

test("a serial number that is expected and free gives no warning", () => {
  expect(stockInWarnings(["tw 1"], wrench, [], [wrench, meter])).toEqual([]);
});

test("a serial number that is stocked in already is told with its label, however it is typed", () => {
  const back = unit("0a", { serial_number: "TW-1", tool_purchase_id: meter.id });
  const [warning] = stockInWarnings(["ＴＷ１"], wrench, [back], [wrench]);
  expect(warning).toMatchObject({
    code: "serial_taken",
    severity: "block",
    params: { label: labelOf(back.id) },
  });
});

test("the serial number of a refused or cancelled unit is free", () => {
  const gone = [
    unit("0a", { serial_number: "TW-1", status: "refused" }),
    unit("0b", { serial_number: "TW-1", status: "cancelled" }),
  ];
  expect(stockInWarnings(["TW-1"], wrench, gone, [wrench])).toEqual([]);
});

test("a tool that was issued is not taken in as bought, by serial number or by label", () => {
  const issued = unit("0a", { serial_number: "TW-1", status: "issued" });
  expect(codes(serialWarnings("TW-1", wrench, [issued], []))).toEqual(["serial_issued"]);
  expect(codes(serialWarnings(labelOf(issued.id).toLowerCase(), wrench, [issued], []))).toEqual([
    "serial_issued",
  ]);
});

test("one scan too many is told", () => {
  expect(codes(stockInWarnings(["TW-1", "TW-1"], wrench, [], [wrench]))).toEqual(["serial_twice"]);
  const back = unit("0a", { tool_purchase_id: wrench.id });
  expect(stockInWarnings(["TW-1", "TW-2"], wrench, [back], [wrench])).toMatchObject([
    { code: "more_than_bought", params: { bought: 2, returned: 1 } },
  ]);
});

test("the serial number of another purchase, and one that nobody typed, are for a person to check", () => {
  expect(stockInWarnings(["VB-71"], wrench, [], [wrench, meter])).toMatchObject([
    { code: "serial_of_other", severity: "review", params: { name: "Vibration meter" } },
  ]);
  expect(codes(stockInWarnings(["XX-9"], wrench, [], [wrench, meter]))).toEqual(["serial_unexpected"]);
  expect(stockInWarnings(["XX-9", ""], { ...wrench, serial_numbers: [] }, [], [])).toEqual([]);
});

test("a unit reported lost on the road does not count as back; one lost later does", () => {
  expect(answers(unit("0a", { status: "lost" }))).toBe(false);
  expect(answers(unit("0a", { status: "lost", stocked_in_at: "2026-11-20T08:00:00.000Z" }))).toBe(true);
  expect(answers(unit("0a", { status: "written_off", reimbursement: "reimbursed" }))).toBe(true);
});

test("a scan finds the unit by label or serial number, and the purchase by its code or an expected serial number", () => {
  const back = unit("0a", { serial_number: "TW-1" });
  const find = (text: string) => findTools(text, [back], [wrench, meter], nobody);
  expect(find(labelOf(back.id).replace("-", " ")).units).toEqual([back]);
  expect(find("tw1")).toEqual({ units: [back], purchases: [wrench] });
  expect(find(purchaseCode(meter.id))).toEqual({ units: [], purchases: [meter] });
  expect(find("vb71").purchases).toEqual([meter]);
});

test("words find purchases by tool or technician", () => {
  const named = (id: string | undefined) => (id === "anna" ? "安娜" : "Bo");
  const found = findTools("安娜", [], [{ ...wrench, technician_id: "anna" }, meter], named);
  expect(found.purchases.map((purchase) => purchase.id)).toEqual([wrench.id]);
  expect(findTools("vibration", [], [wrench, meter], named).purchases).toEqual([meter]);
});

test("a unit is where its check-out on this phone has put it, before the server knows", () => {
  const issue = { id: `${ID}f0`, tool_unit_id: `${ID}0a`, technician_id: "anna", due_on: "2026-12-01" };
  expect(unitNow(unit("0a"), issue)).toMatchObject({
    status: "issued",
    holder_id: "anna",
    due_on: "2026-12-01",
  });
  const out = unit("0a", { status: "issued", holder_id: "anna", shelf: "A-1" });
  const back = { ...issue, status: "returned", returned_shelf: "B-2" };
  expect(unitNow(out, back)).toMatchObject({ status: "stocked_in", holder_id: null, shelf: "B-2" });
  expect(unitNow(out, { ...issue, status: "lost" }).status).toBe("lost");
  expect(unitNow(unit("0a", { shelf: "A-1" }), back, true).shelf).toBe("B-2");
  expect(unitNow(unit("0a", { shelf: "C-3" }), back).shelf).toBe("C-3");
  expect(unitNow(unit("0a", { status: "in_repair" }), issue).status).toBe("in_repair");
});

test("what is not on a shelf, or due for calibration, is not given away", () => {
  const late = unit("0b", { calibration_due_on: "2026-11-01" });
  const warnings = issueWarnings([unit("0a", { status: "issued" }), late, unit("0c")], "2026-11-24");
  expect(codes(warnings)).toEqual(["not_on_shelf", "calibration_overdue"]);
});

test("a count tells what is missing, misplaced, unexpected and unknown, each once", () => {
  const shelf = [
    unit("01", { shelf: "A-1" }),
    unit("02", { shelf: "A-1" }),
    unit("03", { shelf: "B-2", serial_number: "SN 3" }),
    unit("04", { status: "issued" }),
    unit("05", { status: "lost" }),
  ];
  const scanned = [
    labelOf(`${ID}01`),
    labelOf(`${ID}01`),
    "sn3",
    labelOf(`${ID}04`),
    labelOf(`${ID}05`),
    "???",
    "ZZ-1",
  ];
  const found = findDifferences("A-1", scanned, shelf);
  expect(found.map(({ difference, code, steps }) => [difference, code, steps])).toEqual([
    ["misplaced", labelOf(`${ID}03`), ["here", "left"]],
    ["unexpected", labelOf(`${ID}04`), ["here", "left"]],
    ["unexpected", labelOf(`${ID}05`), ["left"]],
    ["unknown", "???", ["left"]],
    ["unknown", "ZZ-1", ["left"]],
    ["missing", labelOf(`${ID}02`), ["left", "lost"]],
  ]);
});

const kind = (key: string, owned = 1): ToolKind => ({ id: key, key, owned });
const likes = (name: string, model: string, ...keys: string[]) =>
  ownedLike(
    name,
    model,
    keys.map((key) => kind(key)),
  ).map((found) => found.key);

test("the company's tools are found by a part of their name, in any width and case", () => {
  expect(likes("扳手", "", "扭力扳手|tw200", "测振仪|vb7")).toEqual(["扭力扳手|tw200"]);
  expect(likes("ＴＯＲＱＵＥ wrench, large", "", "torquewrench|", "drill|")).toEqual(["torquewrench|"]);
});

test("the model counts most, and may stand in the name", () => {
  expect(likes("meter", "VB-7", "测振仪|vb7", "metergauge|x1")).toEqual(["测振仪|vb7", "metergauge|x1"]);
  expect(likes("振动仪 VB7", "", "测振仪|vb7")).toEqual(["测振仪|vb7"]);
});

test("a misspelt name is found; another tool, one letter and what is no longer owned are not", () => {
  expect(likes("torqe wrench", "", "torquewrench|")).toEqual(["torquewrench|"]);
  expect(likes("hammer", "", "torquewrench|")).toEqual([]);
  expect(likes("扳", "", "扭力扳手|")).toEqual([]);
  expect(ownedLike("drill", "", [kind("drill|", 0)])).toEqual([]);
});
