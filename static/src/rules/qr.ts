/** The text in an invoice's QR code, as `server/receipts/qr.py` reads it. */
import { normal } from "./fapiao";

export interface FapiaoQr {
  type: string;
  code: string;
  number: string;
  amount_minor: number | null;
  issued_on: string;
}

/** Fully digital kinds: the amount includes the tax. */
export const TOTAL_TYPES = new Set(["31", "32", "51", "61"]);
/** Older VAT kinds: the amount is without the tax. */
export const NET_TYPES = new Set(["01", "04", "08", "10", "14"]);
/** 17 % until April 2018: the highest rate that paper with an older code was ever issued at. */
const HIGHEST_VAT_PERCENT = 17;
/** The most that the tax control software let the tax of a whole invoice differ from its rate. */
const ROUNDING_MINOR = 127;
export const RAIL = "51";

/** Reads the text of a QR code; null where it is not an invoice's. */
export function parseQr(text: string): FapiaoQr | null {
  if (!text || text.length > 1000) return null;
  const parts = text.replaceAll("，", ",").split(",").map(normal);
  if (parts.length < 7 || parts.length > 9 || parts[0] !== "01") return null;
  const [, type = "", code = "", number = "", amount = "", day = ""] = parts;
  if (!/^[0-9]{2}$/.test(type) || !/^([0-9]{8}|[0-9]{20})$/.test(number)) return null;
  if (!/^([0-9]{10}|[0-9]{12}|)$/.test(code)) return null;
  const issued_on = calendarDate(day);
  return issued_on ? { type, code, number, amount_minor: minor(amount), issued_on } : null;
}

/** Whether an amount can be the total of an invoice whose code states the amount without tax (REG-D3). */
export function mayBeTotal(totalMinor: number, netMinor: number): boolean {
  const most = netMinor * (100 + HIGHEST_VAT_PERCENT) + ROUNDING_MINOR * 100;
  return netMinor <= totalMinor && totalMinor * 100 <= most;
}

function minor(text: string): number | null {
  const match = /^([0-9]{1,10})(?:\.([0-9]{1,2}))?$/.exec(text);
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
}

function calendarDate(text: string): string | null {
  if (!/^[0-9]{8}$/.test(text)) return null;
  const iso = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
  const moment = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(iso) ? iso : null;
}
