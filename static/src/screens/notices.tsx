/** What the person was told, the newest first; read and opened without network, too. */

import { useState } from "preact/hooks";
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
  const read = async (notices: Shown[]) => {
    try {
      const wishes = notices.filter((notice) => !notice.is_read);
      if (wishes.length === 0) return;
      await save(
        owner,
        wishes.map((notice) => update("notice", notice, { is_read: true })),
      );
      wake();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  const open = async (notice: Shown) => {
    const { target_entity, target_id } = notice;
    const isHere = (entity: string, id: string) => one(entity, id) !== undefined;
    const place = placeOf({ target_entity, target_id }, session.value?.user.role, isHere);
    await read([notice]);
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

function when(instant: string): string {
  const style = { dateStyle: "short", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language.value === "en" ? "en" : "zh-CN", style).format(new Date(instant));
}
