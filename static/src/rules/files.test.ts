import { expect, test } from "vitest";
import { typeOf } from "./files";

const bytes = (text: string): ArrayBuffer => Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer;

test.each([
  ["a JPEG", "\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"],
  ["a PNG", "\x89PNG\r\n\x1a\n\0", "image/png"],
  ["a WebP", "RIFF\x10\0\0\0WEBPVP8 ", "image/webp"],
  ["an iPhone's HEIC", "\0\0\0\x18ftypheic\0\0\0\0", "image/heic"],
  ["a PDF", "%PDF-1.7\n", "application/pdf"],
  ["an OFD", "PK\x03\x04\x14\0......OFD.xml<?xml", "application/ofd"],
  ["an XML", '<?xml version="1.0"?>', "application/xml"],
  ["an XML behind a byte order mark", "\xef\xbb\xbf\n<?xml", "application/xml"],
  ["a Word file", "PK\x03\x04\x14\0[Content_Types].xml word/document.xml", null],
  ["a film", "\0\0\0\x18ftypmp42\0\0\0\0", null],
  ["a web page", "<!doctype html><p>", null],
  ["nothing", "", null],
])("%s is known by its first bytes", (_, text, type) => {
  expect(typeOf(bytes(text))).toBe(type);
});
