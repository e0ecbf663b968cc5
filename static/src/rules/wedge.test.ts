import { expect, test } from "vitest";
import { type Key, Wedge } from "./wedge";

const plain = (character: string): Key => ({ key: character, code: "", shiftKey: false });
const enter: Key = { key: "Enter", code: "Enter", shiftKey: false };

function type(keys: Key[], pause: number): string | null {
  const wedge = new Wedge();
  let found: string | null = null;
  for (const [at, key] of keys.entries()) found = wedge.press(key, 1000 + at * pause);
  return found;
}

test("fast keys and Enter are a scanner's", () => {
  expect(type([..."FC-7K2MQ9XB"].map(plain).concat(enter), 8)).toBe("FC-7K2MQ9XB");
});

test("a person's keys are not", () => {
  expect(type([..."FC-7K2MQ9XB"].map(plain).concat(enter), 120)).toBeNull();
});

test("two fast keys and Enter are a person's", () => {
  expect(type([..."ok"].map(plain).concat(enter), 10)).toBeNull();
});

test("what was typed long before the scan does not belong to it", () => {
  const wedge = new Wedge();
  wedge.press(plain("x"), 0);
  for (const [at, character] of [..."VB-71"].entries()) wedge.press(plain(character), 500 + at * 5);
  expect(wedge.press(enter, 530)).toBe("VB-71");
});

test("a Chinese input method does not swallow a scan", () => {
  const hidden = (code: string, shiftKey = false): Key => ({ key: "Process", code, shiftKey });
  const keys = [
    hidden("KeyV", true),
    hidden("KeyB", true),
    hidden("Minus"),
    hidden("Digit7"),
    hidden("Numpad1"),
  ];
  expect(type([...keys, { key: "Process", code: "Enter", shiftKey: false }], 10)).toBe("VB-71");
});

test("Shift and other keys without a character add nothing", () => {
  const shift: Key = { key: "Shift", code: "ShiftLeft", shiftKey: true };
  expect(type([shift, plain("T"), shift, plain("W"), plain("-"), plain("1"), enter], 10)).toBe("TW-1");
});
