/** This browser's subscription to web push: at most one, whoever is signed in. */

const PATIENCE = 20_000;

/** What the server must know to reach this phone. */
export interface Given {
  endpoint: string;
  p256dh: string;
  auth: string;
}

/** Whether this browser has web push at all. */
export function hasPush(): boolean {
  return "PushManager" in window && "Notification" in window && "serviceWorker" in navigator;
}

/** Subscribes for the server's key; an older subscription for another key ends. Raises what the browser raises. */
export async function subscribe(key: string): Promise<Given> {
  const { pushManager } = await navigator.serviceWorker.ready;
  let found = await pushManager.getSubscription();
  if (found && text(found.options.applicationServerKey) !== key) {
    await found.unsubscribe();
    found = null;
  }
  found ??= await soon(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }));
  const { endpoint, keys } = found.toJSON();
  return { endpoint: endpoint ?? "", p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" };
}

/** Ends the subscription: what is still sent to it reaches nobody. */
export async function unsubscribe(): Promise<void> {
  if (!hasPush()) return;
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** Where a browser's push service cannot be reached, some browsers wait for it for ever. */
function soon<T>(asked: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, fail) => setTimeout(() => fail(new Error("no answer")), PATIENCE));
  return Promise.race([asked, late]);
}

function bytes(key: string): Uint8Array<ArrayBuffer> {
  const plain = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(key: ArrayBuffer | null): string {
  const plain = btoa(String.fromCharCode(...new Uint8Array(key ?? new ArrayBuffer(0))));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
