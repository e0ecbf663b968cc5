/** What the person was told, the newest first; read and opened without network, too. */

import { useEffect, useState } from "preact/hooks";
import { language, noticeWords, t } from "../i18n";
import { go } from "../router";
import { placeOf } from "../rules/notices";
import { save, update } from "../store/save";
import { all, one, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { session } from "../sync/session";
import { unread } from "../ui/bell";
import { whyNotSaved } from "../ui/not-saved";
import { Top } from "../ui/parts";

const SHOWN = 100;

export function Notices({ owner }: { owner: string }) {
  const [message, setMessage] = useState("");
  const found = all("notice").reverse().slice(0, SHOWN);
  const read = async (notices: Shown[]) => setMessage(await markRead(owner, notices));
  const open = async (notice: Shown) => {
    await read([notice]);
    const place = placeFor(notice);
    if (place) go(...place);
  };
  return (
    <>
      <Top title={t("notices.title")} back={["today"]} />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <p>
        <a class="button wide" href="#/choices" data-testid="notice-choices">
          {t("settings.notices")}
        </a>
      </p>
      {found.length === 0 && <p class="card empty">{t("notices.empty")}</p>}
      {unread().length > 0 && (
        <p>
          <button type="button" class="wide" data-testid="all-read" onClick={() => void read(unread())}>
            {t("notices.all_read")}
          </button>
        </p>
      )}
      {found.map((notice) => (
        <button
          key={notice.id}
          type="button"
          class={`card notice ${notice.is_read ? "" : "unread"}`}
          data-testid="notice"
          onClick={() => void open(notice)}
        >
          {noticeWords(notice.kind, (notice.params ?? {}) as Record<string, unknown>)}
          <span class="soft">
            {when(String(notice.made_at))}
            {!notice.is_read && ` · ${t("notices.unread")}`}
          </span>
        </button>
      ))}
    </>
  );
}

/** Where a pushed notice is opened: it is read, and gives way to what it tells of; it may still be on its way. */
export function OpenNotice({ owner, id }: { owner: string; id: string }) {
  const notice = one("notice", id);
  const isHere = notice !== undefined;
  useEffect(() => {
    if (!notice) return wake();
    const place = placeFor(notice) ?? ["notices"];
    void markRead(owner, [notice]).then(() =>
      location.replace(`#/${place.map(encodeURIComponent).join("/")}`),
    );
  }, [owner, id, isHere]);
  return (
    <>
      <Top title={t("notices.title")} back={["notices"]} />
      {!isHere && (
        <p class="card empty" role="status">
          {t("notices.on_its_way")}
        </p>
      )}
    </>
  );
}

function placeFor({ target_entity, target_id }: Shown): string[] | null {
  const isHere = (entity: string, id: string) => one(entity, id) !== undefined;
  return placeOf({ target_entity, target_id }, session.value?.user.role, isHere);
}

/** Gives why it could not be kept, nothing where it was. */
async function markRead(owner: string, notices: Shown[]): Promise<string> {
  const unread = notices.filter((notice) => !notice.is_read);
  if (unread.length === 0) return "";
  try {
    await save(
      owner,
      unread.map((notice) => update("notice", notice, { is_read: true })),
    );
  } catch (error) {
    return whyNotSaved(error);
  }
  wake();
  return "";
}

function when(instant: string): string {
  const style = { dateStyle: "short", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language.value === "en" ? "en" : "zh-CN", style).format(new Date(instant));
}
