/** A form that is never lost: what is typed is kept within a quarter of a second, and when the screen goes away. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { db } from "../store/db";
import { keepDraft } from "../store/save";

const DELAY = 250;

/** How many forms hold typed words that the store does not have yet. An update of the app waits for zero. */
export const unsaved = { count: 0 };

const flushes = new Set<() => Promise<void>>();

/** Writes every open form to the store at once: before a picker opens, before the app is replaced. */
export async function flushDrafts(): Promise<void> {
  await Promise.all([...flushes].map((flush) => flush()));
}

/** A form's values, kept under a key. `null` until the store was read. */
export function useDraft<T extends object>(owner: string, key: string, empty: T): Signal<T | null> {
  const value = useSignal<T | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const kept = useRef<T | null>(null);
  useEffect(() => {
    let isOpen = true;
    db.drafts.get(key).then((draft) => {
      if (!isOpen) return;
      value.value = { ...empty, ...(draft?.value as T | undefined) };
      kept.current = value.value;
    });
    const flush = async () => {
      clearTimeout(timer.current);
      if (value.value && value.value !== kept.current) {
        const now = value.value;
        kept.current = now;
        // A full phone cannot keep a draft either; the words stay on the screen, and the save says why it failed.
        await keepDraft(owner, key, now as Record<string, unknown>).catch(() => undefined);
      }
      unsaved.count = 0;
    };
    const onHide = () => void flush();
    const stop = value.subscribe((next) => {
      if (!next || next === kept.current) return;
      unsaved.count = 1;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void flush(), DELAY);
    });
    flushes.add(flush);
    document.addEventListener("visibilitychange", onHide);
    window.addEventListener("pagehide", onHide);
    return () => {
      isOpen = false;
      clearTimeout(timer.current);
      unsaved.count = 0;
      stop();
      flushes.delete(flush);
      document.removeEventListener("visibilitychange", onHide);
      window.removeEventListener("pagehide", onHide);
    };
  }, [owner, key]);
  return value;
}
