/** Places in one prefecture or not, as `server/places/divisions.py` has it. Names are loaded when they are needed. */
import { signal } from "@preact/signals";

const WHOLE = new Set(["11", "12", "31", "50", "71", "81", "82"]);

type Names = Record<string, [zh: string, en: string]>;
const names = signal<Names>({});

/** The code at prefecture level; null for a province's own code. */
export function prefectureOf(code: string): string | null {
  if (WHOLE.has(code.slice(0, 2))) return `${code.slice(0, 2)}0000`;
  if (code.endsWith("0000")) return null;
  return code.slice(2, 4) === "90" ? code : `${code.slice(0, 4)}00`;
}

/** Whether both codes name places in one prefecture. */
export function samePrefecture(left: string, right: string): boolean {
  const mine = prefectureOf(left);
  return mine !== null && mine === prefectureOf(right);
}

/** Loads the names of all divisions; they are part of what the phone keeps. */
export async function loadNames(): Promise<void> {
  names.value = (await import("../../../server/places/divisions.json")).default as unknown as Names;
}

/** From the province down: `浙江省杭州市`, or `Hangzhou, Zhejiang`. */
export function placeName(code: string, language: string): string {
  const steps = [...new Set([`${code.slice(0, 2)}0000`, prefectureOf(code) ?? code, code])];
  const known = steps.flatMap((step) => names.value[step]?.[language === "en" ? 1 : 0] ?? []);
  if (known.length === 0) return code;
  return language === "en" ? known.reverse().join(", ") : known.join("");
}

/** Prefectures to choose from, with their codes. */
export function prefectures(): string[] {
  return Object.keys(names.value).filter((code) => prefectureOf(code) === code || code.endsWith("0000"));
}
