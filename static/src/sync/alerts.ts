/** Notices that light up this phone: turned on by a tap of the person who is signed in, and never otherwise. */
import { db, readMeta, writeMeta } from "../store/db";
import { call } from "./api";
import { withToken } from "./session";
import { hasPush, subscribe, unsubscribe } from "./subscription";

export type Alerts = "missing" | "blocked" | "off" | "on";

const wish = (owner: string) => `alerts/${owner}`;

/** How it stands: the browser lacks it, the person has blocked it there, or it is off or on for this owner. */
export async function alertsOf(owner: string): Promise<Alerts> {
  if (!hasPush()) return "missing";
  if (Notification.permission === "denied") return "blocked";
  const isWanted = (await readMeta<boolean>(wish(owner))) === true;
  return isWanted && Notification.permission === "granted" ? "on" : "off";
}

/** Asks the person, by the browser's own question, and subscribes. Needs the network. Raises Refusal, Unreachable, or what the browser raises. */
export async function turnOn(owner: string): Promise<Alerts> {
  if ((await Notification.requestPermission()) !== "granted") return alertsOf(owner);
  await reach();
  await writeMeta(wish(owner), true);
  return alertsOf(owner);
}

/** Ends it on this phone; the server is told when it can be reached, and else by the push service. */
export async function turnOff(owner: string): Promise<Alerts> {
  await db.meta.delete(wish(owner));
  await unsubscribe();
  await withToken((token) => call("/api/push/subscription", undefined, token, "DELETE")).catch(
    () => undefined,
  );
  return alertsOf(owner);
}

/** At the start: what was wanted is renewed, since either side may have lost it; another person's ends. */
export async function keepAlerts(owner: string): Promise<void> {
  if ((await alertsOf(owner)) === "on") await reach();
  else await unsubscribe();
}

async function reach(): Promise<void> {
  await withToken(async (token) => {
    const { key } = await call<{ key: string }>("/api/push/key", undefined, token);
    await call("/api/push/subscription", await subscribe(key), token);
  });
}
