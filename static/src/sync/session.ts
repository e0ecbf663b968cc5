/** Who is signed in on this phone. Signing in needs the network once; everything after it does not. */
import { signal } from "@preact/signals";
import { newId } from "../ids";
import { db, type Fields, readMeta, writeMeta } from "../store/db";
import { dropAllShares } from "../store/inbox";
import { dropMark, markedDevice } from "../store/mark";
import { call, Refusal } from "./api";
import { unsubscribe } from "./subscription";

export interface Session {
  user: Fields & { id: string; display_name: string; role: string; language: string };
  device_id: string;
  access_token: string;
  refresh_token: string;
  company: { name: string; tax_id: string };
  /** The server has ended the session: sign in again to send; everything stays. */
  ended?: boolean;
}

/** The session, null for a stranger, undefined until the store was read. */
export const session = signal<Session | null | undefined>(undefined);

interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** Reads the session that was kept. */
export async function openSession(): Promise<Session | null> {
  const kept = (await readMeta<Session>("session")) ?? null;
  session.value = kept;
  return kept;
}

/** Signs in. Raises Refusal or Unreachable. */
export async function signIn(username: string, password: string, code: string): Promise<Session> {
  try {
    return await signInOn(await deviceId(), username, password, code);
  } catch (error) {
    // Another person has used this phone: it is a device of its own for each of them.
    if (!(error instanceof Refusal) || error.code !== "device_of_another_user") throw error;
    const fresh = newId();
    await writeMeta("device_id", fresh);
    return signInOn(fresh, username, password, code);
  }
}

/** Ends the session here; the server is told when it can be reached. What was not sent stays under its owner. */
export async function signOut(): Promise<void> {
  const kept = session.value;
  session.value = null;
  await db.meta.delete("session");
  await unsubscribe().catch(() => undefined); // where the browser cannot, the server sends to it no more
  if (kept) {
    await db.meta.delete(`alerts/${kept.user.id}`);
    await call("/api/auth/logout", { refresh_token: kept.refresh_token }).catch(() => undefined);
  }
}

/** Runs a call with a good access token; renews it once where it has run out. */
export async function withToken<T>(run: (token: string) => Promise<T>): Promise<T> {
  const kept = session.value;
  if (!kept || kept.ended) throw new Refusal(401, "refresh_invalid");
  try {
    return await run(kept.access_token);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "token_expired") throw error;
    return run(await renew());
  }
}

/** Marks the session as ended by the server. Where the device was shut out, the next sign-in is a new device's. */
export async function endSession(isNewDevice: boolean): Promise<void> {
  if (isNewDevice) await db.meta.delete("device_id");
  if (session.value) await keep({ ...session.value, ended: true });
}

/** Removes everything of this owner: the server has said that this phone may no longer keep it. */
export async function wipe(owner: string): Promise<void> {
  for (const table of [db.records, db.changes, db.files, db.bytes, db.drafts, db.previews]) {
    await table.where({ owner }).delete();
  }
  await dropAllShares(owner);
  dropMark();
  await unsubscribe().catch(() => undefined);
  await db.meta.clear();
  session.value = null;
}

async function signInOn(
  device_id: string,
  username: string,
  password: string,
  code: string,
): Promise<Session> {
  const device = { id: device_id, name: navigator.userAgent.slice(0, 80) };
  const answer = await call<Tokens & Pick<Session, "user" | "company">>("/api/auth/login", {
    username,
    password,
    code,
    device,
  });
  const { user, company, access_token, refresh_token } = answer;
  return keep({ user, company, access_token, refresh_token, device_id });
}

async function renew(): Promise<string> {
  // Another tab may have renewed it already: the store knows.
  const kept = (await readMeta<Session>("session")) ?? session.value;
  if (!kept) throw new Refusal(401, "refresh_invalid");
  const tokens = await call<Tokens>("/api/auth/refresh", { refresh_token: kept.refresh_token });
  await keep({ ...kept, ...tokens });
  return tokens.access_token;
}

async function keep(value: Session): Promise<Session> {
  await writeMeta("session", value);
  session.value = value;
  return value;
}

async function deviceId(): Promise<string> {
  const known = await readMeta<string>("device_id");
  if (known) return known;
  const fresh = markedDevice() || newId();
  await writeMeta("device_id", fresh);
  return fresh;
}
