/** A new version of the app: it waits until nothing is unsaved, and until the person asks for it. */
import { signal } from "@preact/signals";
import { flushDrafts } from "./ui/draft";

/** Whether a new version waits. */
export const isUpdateReady = signal(false);

const HALF_HOUR = 30 * 60_000;
let waiting: ServiceWorker | null = null;
let isAsked = false;

/** Registers the service worker and looks for new versions whenever the person comes back. */
export async function followUpdates(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("/app/sw.js", { updateViaCache: "none" });
  const notice = () => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    waiting = registration.waiting;
    isUpdateReady.value = true;
  };
  notice();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", notice);
  });
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (isAsked) location.reload();
  });
  const look = () => void registration.update().catch(() => undefined);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  window.addEventListener("pageshow", look);
  setInterval(look, HALF_HOUR);
}

/** Takes the new version over: everything typed is kept first. */
export async function takeUpdate(): Promise<void> {
  await flushDrafts();
  isAsked = true;
  waiting?.postMessage("take-over");
}
