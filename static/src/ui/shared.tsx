/** What other apps shared with this one and no receipt holds yet: announced until it is used or discarded. */
import { signal, useSignal } from "@preact/signals";
import { liveQuery } from "dexie";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { route } from "../router";
import { db } from "../store/db";
import { adopt, dropShare, onInbox, type Share, shares } from "../store/inbox";
import { all } from "../store/view";

/** By person, so that nobody is shown for a moment what waits for whom was here before. */
const waiting = signal<Record<string, Share[]>>({});

/** The draft of the receipt that a share becomes. */
export function shareDraft(owner: string, id: string): string {
  return `${owner}/receipt/share-${id}`;
}

/** What waits for this person (a stranger's name is empty). A signed-in person's app makes it theirs. */
function useShares(owner: string): Share[] {
  useEffect(() => {
    const look = () => void read(owner);
    look();
    const stop = onInbox(look);
    document.addEventListener("visibilitychange", look);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", look);
    };
  }, [owner]);
  return waiting.value[owner] ?? [];
}

async function read(owner: string): Promise<void> {
  let found: Share[] = [];
  try {
    if (owner) await adopt(owner);
    found = await shares(owner);
  } catch {
    // a store that fails today is read again when the person comes back
  }
  waiting.value = { ...waiting.value, [owner]: found };
}

/** Shared files that wait, and receipts that were begun with shared files. Nothing where there are none. */
export function Shared({ owner, canUse }: { owner: string; canUse: boolean }) {
  const found = useShares(owner);
  const begun = useBegun(owner).filter((id) => !found.some((share) => share.id === id));
  const hasTrip = all("trip").length > 0;
  if (found.length + begun.length === 0) return null;
  return (
    <section data-testid="shared">
      <h2>{t("share.title")}</h2>
      {found.map((share) => (
        <article class="card" key={share.id} data-testid="share-item">
          <p class="title name">{share.names.join(", ") || share.note}</p>
          <p class="soft">
            {!canUse && t("share.technicians_only")}
            {canUse && (hasTrip ? waitingWords(share) : t("share.no_trip"))}
          </p>
          <div class="row">
            {canUse && hasTrip && (
              <a class="button grow" href={`#/receipt/share/${share.id}`} data-testid="share-use">
                {t("share.use")}
              </a>
            )}
            <Discard onSure={() => void dropShare(share.id)} />
          </div>
        </article>
      ))}
      {begun.map((id) => (
        <article class="card" key={id} data-testid="share-begun">
          <p class="title">{t("share.begun")}</p>
          <div class="row">
            <a class="button grow" href={`#/receipt/share/${id}`} data-testid="share-continue">
              {t("share.continue")}
            </a>
            <Discard onSure={() => void db.drafts.where("key").startsWith(shareDraft(owner, id)).delete()} />
          </div>
        </article>
      ))}
    </section>
  );
}

/** Before signing in: that something waits, and no more than that. */
export function SharedBeforeSignIn() {
  const found = useShares("");
  const count = found.reduce((sum, share) => sum + Math.max(1, share.names.length), 0);
  return (
    <>
      <ShareProblem />
      {count > 0 && (
        <p class="flash good" role="status" data-testid="share-waits">
          {t(count === 1 ? "share.sign_in_one" : "share.sign_in", { count })}
        </p>
      )}
    </>
  );
}

/** Why what was shared is not here, where it is not. The address says it: the worker and the server put it there. */
export function ShareProblem() {
  const problem = route.value[1];
  if (problem !== "share-failed" && problem !== "share-not-ready") return null;
  return (
    <p class="flash" role="alert" data-testid={problem}>
      {t(problem === "share-failed" ? "share.failed" : "share.not_ready")}
    </p>
  );
}

function waitingWords({ names }: Share): string {
  if (names.length === 0) return t("share.waits_text");
  return t(names.length === 1 ? "share.waits_one" : "share.waits", { count: names.length });
}

function Discard({ onSure }: { onSure: () => void }) {
  const [isSure, setSure] = useState(false);
  return (
    <button
      type="button"
      class="danger"
      data-testid="share-discard"
      onClick={() => (isSure ? onSure() : setSure(true))}
    >
      {isSure ? t("share.discard_sure") : t("share.discard")}
    </button>
  );
}

/** The shares whose receipt was begun and not saved. Only keys are read: the drafts hold the files. */
function useBegun(owner: string): string[] {
  const ids = useSignal<string[]>([]);
  useEffect(() => {
    const start = shareDraft(owner, "");
    const keys = () => db.drafts.where("key").startsWith(start).primaryKeys();
    const subscription = liveQuery(keys).subscribe((found) => {
      ids.value = [...new Set(found.map((key) => key.slice(start.length).split("/")[0] ?? ""))];
    });
    return () => subscription.unsubscribe();
  }, [owner]);
  return ids.value;
}
