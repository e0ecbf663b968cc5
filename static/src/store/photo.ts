/** Photos: the original bytes are kept as they are (they are evidence); a small preview is made for lists. */
import { sha256 } from "../ids";
import { MAX_FILE, typeOf } from "../rules/files";

export interface Captured {
  sha256: string;
  media_type: string;
  size: number;
  bytes: ArrayBuffer;
  preview: ArrayBuffer | null;
}

const PREVIEW_SIDE = 480;

/** Why a file is not taken; the codes are those by which the server refuses too. */
export class NotTaken extends Error {
  constructor(readonly code: "file_empty" | "file_too_large" | "type_not_allowed" | "too_many_files") {
    super(code);
  }
}

/** Takes a file from the camera, a picker or another app. Raises NotTaken. */
export async function capture(file: Blob): Promise<Captured> {
  if (file.size === 0) throw new NotTaken("file_empty");
  if (file.size > MAX_FILE) throw new NotTaken("file_too_large");
  const bytes = await file.arrayBuffer();
  const media_type = typeOf(bytes);
  if (!media_type) throw new NotTaken("type_not_allowed");
  // A messenger hands pictures over as "octet-stream": what it is decides, not what it was called.
  const shown = new Blob([bytes], { type: media_type });
  return {
    sha256: await sha256(bytes),
    media_type,
    size: bytes.byteLength,
    bytes,
    preview: await preview(shown),
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
