import { expect, test } from "vitest";
import en from "../../locales/codes.en.json";
import zh from "../../locales/codes.zh-Hans.json";
import { counterTexts } from "../screens/counter/texts";
import { noticeTexts } from "../screens/notice-texts";
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
