/** What a file is by its first bytes, as `server/attachments/kinds.py` has it: names and types of other apps lie. */

const HEIC_BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]);
const HEAD = 1024;

/** A file may be as large as this, as the server has it too. */
export const MAX_FILE = 25 * 1024 * 1024;

/** The type of a file that is taken as evidence; null for any other. */
export function typeOf(bytes: ArrayBuffer): string | null {
  const head = String.fromCharCode(...new Uint8Array(bytes.slice(0, HEAD)));
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "image/webp";
  if (head.slice(4, 8) === "ftyp" && HEIC_BRANDS.has(head.slice(8, 12))) return "image/heic";
  if (head.startsWith("%PDF-")) return "application/pdf";
  // An OFD is a zip with OFD.xml in it; other zips (a Word file, a folder) are not taken. Names in a zip are plain.
  if (head.startsWith("PK\x03\x04")) return ascii(bytes).includes("OFD.xml") ? "application/ofd" : null;
  return /^(\xef\xbb\xbf)?\s*<\?xml/.test(head) ? "application/xml" : null;
}

/** Text in which the plain letters and digits are right; enough to look for a name, and quick on a large file. */
function ascii(bytes: ArrayBuffer): string {
  return new TextDecoder("latin1").decode(bytes);
}
