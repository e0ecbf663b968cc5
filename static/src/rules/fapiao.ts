/** Numbers on Chinese invoices, as `server/receipts/fapiao.py` reads them: both pass the same vectors. */

export type Granularity = "province" | "prefecture" | "county";
export type Region = [division: string, granularity: Granularity];

export interface Fapiao {
  kind: "digital" | "vat" | "local";
  identity: string;
  region: Region | null;
}

const ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const PLANNED = new Set(["2102", "3302", "3502", "3702", "4403"]);
const PLANNED_BY_NUMBER: Record<string, string> = {
  "91": "210200",
  "92": "370200",
  "93": "330200",
  "94": "350200",
  "95": "440300",
};
const PROVINCES = new Set(
  "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65".split(" "),
);

/** Digits and letters as they are compared: full-width forms made narrow, spaces left out, capitals. */
export function normal(text: string): string {
  return text.normalize("NFKC").replace(/\s+/gu, "").toUpperCase();
}

/** How fine a division code is. */
export function granularity(code: string): Granularity {
  if (code.endsWith("0000")) return "province";
  return code.endsWith("00") ? "prefecture" : "county";
}

/** Reads a code and a number; null where they have no form that exists. */
export function parseFapiao(code: string, number: string): Fapiao | null {
  const [c, n] = [normal(code), normal(number)];
  if (c === "" && /^[0-9]{20}$/.test(n)) {
    return { kind: "digital", identity: `E${n}`, region: digitalRegion(n.slice(2, 4)) };
  }
  if (!/^[0-9]{8}$/.test(n)) return null;
  const identity = `C${c}${n}`;
  if (/^[0-9]{10}$/.test(c)) return { kind: "vat", identity, region: codeRegion(c.slice(0, 4)) };
  if (/^0[0-9]{11}$/.test(c)) return { kind: "vat", identity, region: codeRegion(c.slice(1, 5)) };
  if (/^[12][0-9]{11}$/.test(c)) return { kind: "local", identity, region: localRegion(c.slice(1, 5)) };
  return null;
}

/** What is wrong with a tax id (GB 32100-2015), or null. */
export function creditCodeError(text: string): "bad_format" | "bad_check" | null {
  const code = normal(text);
  if (/^[0-9]{15}$/.test(code) || /^[0-9A-Z]{20}$/.test(code)) return null;
  if (code.length !== 18 || [...code].some((character) => !ALPHABET.includes(character))) return "bad_format";
  let total = 0;
  let weight = 1;
  for (const character of code.slice(0, 17)) {
    total = (total + ALPHABET.indexOf(character) * weight) % 31;
    weight = (weight * 3) % 31;
  }
  return ALPHABET[(31 - total) % 31] === code[17] ? null : "bad_check";
}

/** Where a seller is registered: characters 3 to 8 of a right id of 18; never of a person's. */
export function registrationRegion(text: string): Region | null {
  const code = normal(text);
  if (code.length !== 18 || creditCodeError(code)) return null;
  const region = code.slice(2, 8);
  if (!/^[0-9]{6}$/.test(region) || !PROVINCES.has(region.slice(0, 2))) return null;
  return [region, granularity(region)];
}

function digitalRegion(digits: string): Region | null {
  const planned = PLANNED_BY_NUMBER[digits];
  if (planned) return [planned, "prefecture"];
  return PROVINCES.has(digits) ? [`${digits}0000`, "province"] : null;
}

function codeRegion(digits: string): Region | null {
  if (PLANNED.has(digits)) return [`${digits}00`, "prefecture"];
  const province = digits.slice(0, 2);
  return PROVINCES.has(province) ? [`${province}0000`, "province"] : null;
}

function localRegion(digits: string): Region | null {
  if (!PROVINCES.has(digits.slice(0, 2))) return null;
  return [`${digits}00`, granularity(`${digits}00`)];
}
