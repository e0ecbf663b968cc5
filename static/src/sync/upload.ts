/** Sending photos by tus 1.0: apart from the changes, resumed where they were cut off. */
import { db, type StoredFile } from "../store/db";
import { ask, Refusal, refusalOf, Unreachable } from "./api";
import { withToken } from "./session";

const UPLOADS = "/api/attachments/uploads";
const TUS = { "Tus-Resumable": "1.0.0" };
/** Answers after which the file itself is refused: sending it again would not help. */
const FINAL = new Set([400, 413, 415]);
/** Answers after which the upload is no longer there; after all others it is gone on with where it stands. */
const GONE = new Set([404, 410, 460]);

/** Answers after which no other photo goes either: signed out, or the server asks for patience. */
const STOPS = new Set([401, 429, 503, 507]);
const SMALLEST = 256 * 1024;
const LARGEST = 4 * 1024 * 1024;

/** How much goes in one request: more where the network is quick, less where it breaks. No server takes all at once. */
let part = SMALLEST;

/**
 * Sends every photo that waits, in parts, and calls `between` after each part: changes do not wait for photos. One that
 * is refused is marked and does not hold up the others. Gives whether any was sent.
 */
export async function upload(owner: string, between: () => Promise<void>): Promise<boolean> {
  let isAnySent = false;
  for (const { key } of await db.files.where({ owner, state: "waiting" }).toArray()) {
    const file = await db.files.get(key);
    if (file?.state !== "waiting") continue;
    try {
      await uploadOne(file, between);
      await db.files.update(file.key, { state: "sent", upload_url: "" });
      isAnySent = true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (STOPS.has(error.status)) throw error;
      if (FINAL.has(error.status)) await db.files.update(file.key, { state: "refused", code: error.code });
      else if (GONE.has(error.status)) await db.files.update(file.key, { upload_url: "" });
    }
  }
  return isAnySent;
}

async function uploadOne(file: StoredFile, between: () => Promise<void>): Promise<void> {
  const stored = await db.bytes.get(file.key);
  if (!stored) return;
  const address = file.upload_url || (await begin(file));
  let offset = file.upload_url ? await arrived(address) : 0;
  while (offset < file.size) {
    offset = await sendPart(address, stored.bytes, offset);
    await between();
  }
}

/** Sends the next part. Gives how much the server has now. */
async function sendPart(address: string, bytes: ArrayBuffer, offset: number): Promise<number> {
  const headers = {
    ...TUS,
    "Upload-Offset": String(offset),
    "Content-Type": "application/offset+octet-stream",
  };
  const began = performance.now();
  try {
    const body = bytes.slice(offset, offset + part);
    const response = await authorised(address, { method: "PATCH", headers, body });
    const now = Number(response.headers.get("Upload-Offset"));
    if (!(now > offset)) throw new Unreachable("upload was cut off");
    if (performance.now() - began < 2000) part = Math.min(LARGEST, part * 2);
    return now;
  } catch (error) {
    part = Math.max(SMALLEST, part / 4);
    throw error;
  }
}

async function begin(file: StoredFile): Promise<string> {
  const metadata = `sha256 ${btoa(file.sha256)},media_type ${btoa(file.media_type)}`;
  const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": metadata };
  const response = await authorised(UPLOADS, { method: "POST", headers });
  const address = response.headers.get("Location") ?? "";
  await db.files.update(file.key, { upload_url: address });
  return address;
}

async function arrived(address: string): Promise<number> {
  const response = await authorised(address, { method: "HEAD", headers: TUS });
  return Number(response.headers.get("Upload-Offset") ?? 0);
}

function authorised(address: string, options: RequestInit): Promise<Response> {
  return withToken(async (token) => {
    const headers = { ...options.headers, Authorization: `Bearer ${token}` };
    const response = await ask(address, { ...options, headers });
    if (!response.ok) throw await refusalOf(response);
    return response;
  });
}
