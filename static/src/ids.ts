/** Ids, hashes and dates, as the wire has them. */

/** A UUIDv7: 48 bits of time, the rest random (RFC 9562). */
export function newId(now: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = now;
  for (let at = 5; at >= 0; at--) {
    bytes[at] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** SHA-256 as 64 hexadecimal digits. */
export async function sha256(bytes: ArrayBuffer): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** The calendar date where the phone is: a receipt's date has no time zone. */
export function localDate(moment: Date = new Date()): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** The calendar date where the phone is on which a record's id was made. */
export function dateOfId(id: string): string {
  return localDate(new Date(Number.parseInt(id.replace("-", "").slice(0, 12), 16)));
}

/** This moment, by the phone's clock: evidence, nothing more. */
export function nowUtc(): string {
  return new Date().toISOString();
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
