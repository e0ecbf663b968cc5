/** Reading an invoice's QR code off a photo, on the phone, without network. */
import { type FapiaoQr, parseQr } from "../rules/qr";
import { pixels } from "../store/photo";

/** The sizes tried, the middle one first: small is quick, large finds a small code on a whole page. */
const SIDES = [1200, 2000, 800];

/** The invoice's QR on a photo, or null where there is none that can be read. */
export async function readQr(file: Blob): Promise<{ text: string; qr: FapiaoQr } | null> {
  const { default: decode } = await import("qr/decode.js");
  for (const side of SIDES) {
    const image = await pixels(file, side);
    if (!image) return null;
    try {
      const text = decode(image);
      const qr = parseQr(text);
      return qr ? { text: text.trim(), qr } : null;
    } catch {
      // no code was found at this size
    }
  }
  return null;
}
