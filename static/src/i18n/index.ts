/** Words for people. The phone's own texts are typed; codes come from the catalogue that the desks share. */
import { signal } from "@preact/signals";
import { placeName } from "../rules/divisions";
import { type TextKey, texts } from "./texts";

export type Language = "zh-Hans" | "en";
export type Params = Record<string, unknown>;

const KEY = "fieldclaim-language";
const MONEY = new Set(["claimed", "receipt", "limit", "total", "over", "spent", "allowed"]);
type Words = Record<string, string>;

/** The words for codes, loaded with the language that is spoken: a phone rarely needs both. */
const CATALOGUES: Record<Language, () => Promise<{ default: Words }>> = {
  en: () => import("../../locales/codes.en.json"),
  "zh-Hans": () => import("../../locales/codes.zh-Hans.json"),
};
const codes: Partial<Record<Language, Words>> = {};

/** The language that is spoken now. */
export const language = signal<Language>(initial());

/** Loads the words for codes; where that fails, codes stand for themselves until the next start. */
export async function loadCodes(of: Language = language.value): Promise<void> {
  const loaded = await CATALOGUES[of]().catch(() => null);
  if (loaded) codes[of] = loaded.default;
}

/** Speaks another language, now and at the next start. */
export async function speak(next: Language): Promise<void> {
  await loadCodes(next);
  language.value = next;
  localStorage.setItem(KEY, next);
  document.documentElement.lang = next;
}

/** The way to say texts of the phone's own: one part's, loaded with it, or everybody's (`t`). */
export function speakerOf<K extends string>(known: Record<K, readonly [chinese: string, english: string]>) {
  return (key: K, params: Params = {}): string => fill(known[key][language.value === "en" ? 1 : 0], params);
}

/** A text that any screen may need. */
export const t: (key: TextKey, params?: Params) => string = speakerOf(texts);

/** The words for a code (`status.clear`, `error.required`), the code itself where there are none. */
export function say(code: string, params: Params = {}): string {
  const text = codes[language.value]?.[code];
  return text === undefined ? code : fill(text, params);
}

/** A finding or a warning as a sentence, with places, fields and amounts as people read them. */
export function finding(code: string, params: Params): string {
  const shown = Object.entries(params).map(([name, value]) => [name, readable(name, value)]);
  return say(`finding.${code}`, Object.fromEntries(shown));
}

/** A notice as a sentence. */
export function noticeWords(kind: unknown, params: Params): string {
  const amount = params.total === undefined ? {} : { total: money(params.total, params.currency) };
  const shown = { ...params, ...amount };
  const line = say(`notice_line.${params.category ?? "receipt"}`, shown);
  return say(`notice.${kind}`, { ...shown, line });
}

/** 1234 as ¥12.34. */
export function money(minor: unknown, currency: unknown = "CNY"): string {
  const style = { style: "currency", currency: String(currency), currencyDisplay: "narrowSymbol" } as const;
  return new Intl.NumberFormat(language.value === "en" ? "en" : "zh-CN", style).format(
    Number(minor ?? 0) / 100,
  );
}

function readable(name: string, value: unknown): unknown {
  if ((name === "places" || name === "trip") && Array.isArray(value)) {
    return [...new Set(value.map((code) => placeName(String(code), language.value)))].join(", ");
  }
  if (name === "fields" && Array.isArray(value))
    return value.map((field) => say(`field.${field}`)).join(", ");
  if (name === "category" || name === "handed_in_as") return say(`category.${value}`);
  if (MONEY.has(name)) return money(value);
  return Array.isArray(value) ? value.join(", ") : value;
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ""));
}

function initial(): Language {
  const kept = typeof localStorage === "undefined" ? null : localStorage.getItem(KEY);
  if (kept === "en" || kept === "zh-Hans") return kept;
  const asked = typeof navigator === "undefined" ? "zh" : navigator.language;
  return asked.toLowerCase().startsWith("zh") ? "zh-Hans" : "en";
}
