/** Photos: the original bytes are kept as they are (they are evidence); a small preview is made for lists. */
import { sha256 } from "../ids";

export interface Captured {
  sha256: string;
  media_type: string;
  size: number;
  bytes: ArrayBuffer;
  preview: ArrayBuffer | null;
}

export const MAX_FILE = 25 * 1024 * 1024;
const PREVIEW_SIDE = 480;

/** Takes a file from the camera or a picker. Raises RangeError when it is too large. */
export async function capture(file: File | Blob, name = ""): Promise<Captured> {
  if (file.size > MAX_FILE) throw new RangeError("file_too_large");
  const bytes = await file.arrayBuffer();
  return {
    sha256: await sha256(bytes),
    media_type: file.type || typeByName(name || (file as File).name || ""),
    size: bytes.byteLength,
    bytes,
    preview: await preview(file),
  };
}

/** The picture's pixels, at most `side` wide or high; null where the browser cannot read it (HEIC, PDF). */
export async function pixels(file: Blob, side: number): Promise<ImageData | null> {
  const drawn = await draw(file, side);
  if (!drawn) return null;
  const data = drawn.context.getImageData(0, 0, drawn.canvas.width, drawn.canvas.height);
  drawn.canvas.width = drawn.canvas.height = 0;
  return data;
}

async function preview(file: Blob): Promise<ArrayBuffer | null> {
  const drawn = await draw(file, PREVIEW_SIDE);
  if (!drawn) return null;
  const small = await new Promise<Blob | null>((done) => drawn.canvas.toBlob(done, "image/jpeg", 0.8));
  drawn.canvas.width = drawn.canvas.height = 0; // iOS counts canvas memory until it is let go
  return small ? small.arrayBuffer() : null;
}

async function draw(file: Blob, side: number) {
  if (!file.type.startsWith("image/")) return null;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return context ? { canvas, context } : null;
  } catch {
    return null; // not a picture that this browser reads; its bytes are kept all the same
  }
}

function typeByName(name: string): string {
  const ending = name.toLowerCase().split(".").pop() ?? "";
  const types: Record<string, string> = {
    ofd: "application/ofd",
    pdf: "application/pdf",
    xml: "application/xml",
    heic: "image/heic",
  };
  return types[ending] ?? "application/octet-stream";
}
