/** The answer to "is my work safe?": one line, derived from the outbox and the server's own word. */
import { t } from "../i18n";
import { go } from "../router";
import { world } from "../store/view";
import { confirmed } from "../sync/durable";
import { line, syncNow } from "../sync/runner";
import { session } from "../sync/session";

/** How many changes and photos are not on the server yet, and how many need the person. */
export function counts(): { unsent: number; attention: number } {
  const { changes, files } = world.value;
  const attention = changes.filter(
    (change) => change.state === "rejected" || change.state === "conflict",
  ).length;
  const refused = [...files.values()].filter((file) => file.state === "refused").length;
  const waiting = changes.filter((change) => change.state === "waiting").length;
  const photos = [...files.values()].filter((file) => file.state === "waiting").length;
  return { unsent: waiting + photos, attention: attention + refused };
}

export function SyncLine() {
  const { unsent, attention } = counts();
  const [text, look] = words(unsent, attention);
  const onTap = () => {
    if (session.value?.ended) return go("login");
    syncNow();
    if (attention > 0) go("outbox");
  };
  return (
    <button type="button" class={`card line wide ${look}`} data-testid="sync-line" onClick={onTap}>
      <span role="status">{text}</span>
    </button>
  );
}

function words(unsent: number, attention: number): [text: string, look: string] {
  if (session.value?.ended) return [t("sync.signed_out"), "need"];
  if (attention > 0) return [t("sync.attention", { count: attention }), "need"];
  if (line.value === "unreachable" && unsent === 0) return [t("sync.offline"), "wait"];
  if (line.value === "unreachable") return [t("sync.unreachable", { count: unsent }), "wait"];
  if (line.value === "failing") return [t("sync.failing"), "wait"];
  if (unsent > 0) return [t("sync.unsent", { count: unsent }), "wait"];
  if (confirmed.value) return [t("outbox.all_synced"), ""];
  return [line.value === "working" ? t("sync.working") : t("sync.checking"), "wait"];
}
