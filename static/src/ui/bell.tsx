/** The bell: how much a person has not read yet. */
import { t } from "../i18n";
import { all, type Shown } from "../store/view";

export function Bell() {
  const count = unread().length;
  return (
    <a class="bell" href="#/notices" data-testid="bell" aria-label={t("notices.bell", { count })}>
      <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
        <path d="M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4" />
      </svg>
      {count > 0 && <span class="count">{count < 100 ? count : "99+"}</span>}
    </a>
  );
}

/** The notices that were not read yet, oldest first. */
export function unread(): Shown[] {
  return all("notice").filter((notice) => !notice.is_read);
}
