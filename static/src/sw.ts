/**
 * The service worker: keeps the application's own files for use without network, takes in what other apps share, and
 * shows the notices that the server pushes.
 * It never touches the API, the desks, or the app's database. A new version waits until the person asks for it.
 */
/// <reference lib="webworker" />
import { keepShare } from "./store/inbox";

declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: [path: string, revision: string][];

const scope = self.registration.scope;
const shareAddress = `${scope}share`;
const PREFIX = "fieldclaim-shell-";
const version = __PRECACHE__.map(([path, revision]) => path + revision).join();
const cacheName = PREFIX + hash(version);

self.addEventListener("install", (event) => event.waitUntil(keepAll()));

self.addEventListener("activate", (event) => event.waitUntil(forgetOld()));

self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === "POST" && url.href === shareAddress) {
    return event.respondWith(takeShare(event.request));
  }
  if (event.request.method !== "GET" || !url.href.startsWith(scope)) return;
  if (event.request.mode === "navigate") {
    event.respondWith(fromCache(scope));
  } else {
    event.respondWith(fromCache(url.origin + url.pathname));
  }
});

self.addEventListener("push", (event) => event.waitUntil(showNotice(event.data)));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openNotice(event.notification.data));
});

/** Something is shown for every push, as browsers demand, also for one that cannot be read. */
async function showNotice(data: PushMessageData | null): Promise<void> {
  let pushed: { title?: unknown; notice?: unknown; lang?: unknown } = {};
  try {
    pushed = data?.json() ?? {};
  } catch {
    // The title below tells that there is something to look at.
  }
  const notice = String(pushed.notice ?? "");
  await self.registration.showNotification(String(pushed.title ?? "Fieldclaim"), {
    tag: notice,
    data: notice,
    lang: String(pushed.lang ?? ""),
    icon: `${scope}icon-192.png`,
  });
}

/** Goes to what a notice tells of, in a window that is open, else in a new one. */
async function openNotice(notice: unknown): Promise<void> {
  const place = /^[0-9a-f-]{36}$/.test(String(notice)) ? `notice/${notice}` : "notices";
  const address = `${scope}#/${place}`;
  const open = (await self.clients.matchAll({ type: "window" })).find(({ url }) => url.startsWith(scope));
  if (!open) {
    await self.clients.openWindow(address);
    return;
  }
  await (await open.navigate(address))?.focus();
}

async function fromCache(address: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  return (await cache.match(address)) ?? fetch(address);
}

/**
 * Takes in what another app shares, then shows it. It lies in an inbox of IndexedDB and not in a Cache: only there a
 * write can be made durable before the answer (strict), and a repair of the app may delete caches, never databases.
 */
async function takeShare(request: Request): Promise<Response> {
  let place: string;
  try {
    const id = await keepShare(await request.formData());
    place = id ? `receipt/share/${id}` : "today";
  } catch {
    place = "today/share-failed";
  }
  return Response.redirect(`${scope}#/${place}`, 303); // 303: a reload shows the form and shares nothing twice
}

/** All or nothing: one answer that is not the file fails the installation, and the old version stays. */
async function keepAll(): Promise<void> {
  const cache = await caches.open(cacheName);
  await Promise.all(
    __PRECACHE__.map(async ([path]) => {
      const address = new URL(path, scope).href;
      const response = await fetch(address, { cache: "no-cache" });
      if (!response.ok || response.redirected) throw new Error(`cannot keep ${path}`);
      await cache.put(address, response);
    }),
  );
}

async function forgetOld(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== cacheName).map((name) => caches.delete(name)),
  );
  await self.clients.claim();
}

function hash(text: string): string {
  let sum = 5381;
  for (let at = 0; at < text.length; at++) sum = ((sum << 5) + sum + text.charCodeAt(at)) >>> 0;
  return sum.toString(36);
}
