import { expect, test } from "vitest";
import en from "../../locales/codes.en.json";
import zh from "../../locales/codes.zh-Hans.json";
import { counterTexts } from "../screens/counter/texts";
import { noticeTexts } from "../screens/notice-texts";
import { language, loadCodes, noticeWords } from ".";
import { texts } from "./texts";

const gaps = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

test("every text has both languages, with the same gaps to fill", () => {
  for (const [key, [chinese, english]] of Object.entries({ ...texts, ...counterTexts, ...noticeTexts })) {
    expect(chinese && english, key).toBeTruthy();
    expect(gaps(english), key).toEqual(gaps(chinese));
  }
});

test("every code has both languages", () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en));
});

test("a notice calls a receipt by its seller and an allowance by its days", async () => {
  const shop = { seller: "Lake Hotel", total: 30000, currency: "CNY" };
  const days = {
    category: "allowance",
    first: "2026-11-09",
    last: "2026-11-13",
    total: 50000,
    currency: "CNY",
  };
  language.value = "en";
  await loadCodes();
  expect(noticeWords("line_clear", shop)).toBe(
    "Nothing blocks the receipt of Lake Hotel over ¥300.00 any more.",
  );
  expect(noticeWords("line_clear", days)).toBe(
    "Nothing blocks the daily allowance over ¥500.00 (2026-11-09 to 2026-11-13) any more.",
  );
  language.value = "zh-Hans";
  await loadCodes();
  expect(noticeWords("line_clear", days)).toBe(
    "2026-11-09 至 2026-11-13 的出差补贴（¥500.00）已不再受阻，可以审批。",
  );
});
