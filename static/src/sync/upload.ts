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

/** Sends every photo that waits. One that is refused is marked and does not hold up the others. */
export async function upload(owner: string): Promise<void> {
  for (const file of await db.files.where({ owner, state: "waiting" }).toArray()) {
    try {
      await uploadOne(file);
      await db.files.update(file.key, { state: "sent", upload_url: "" });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 401) throw error;
      if (FINAL.has(error.status)) await db.files.update(file.key, { state: "refused", code: error.code });
      else if (GONE.has(error.status)) await db.files.update(file.key, { upload_url: "" });
    }
  }
}

async function uploadOne(file: StoredFile): Promise<void> {
  const stored = await db.bytes.get(file.key);
  if (!stored) return;
  const address = file.upload_url || (await begin(file));
  const offset = file.upload_url ? await arrived(address) : 0;
  if (offset >= file.size) return;
  const headers = {
    ...TUS,
    "Upload-Offset": String(offset),
    "Content-Type": "application/offset+octet-stream",
  };
  const response = await authorised(address, {
    method: "PATCH",
    headers,
    body: stored.bytes.slice(offset),
  });
  if (Number(response.headers.get("Upload-Offset")) < file.size) throw new Unreachable("upload was cut off");
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
