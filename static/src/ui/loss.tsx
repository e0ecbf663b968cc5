/** Saying plainly that the system has emptied the phone's store, and what was lost with it. */
import { t } from "../i18n";
import { loss, understood } from "../store/mark";

export function LossNotice() {
  const lost = loss.value;
  if (!lost) return null;
  return (
    <section class="card flash" role="alert" data-testid="loss">
      <p>{t("loss.emptied")}</p>
      <p>
        {lost.unsent > 0
          ? t("loss.unsent", { count: lost.unsent, at: new Date(lost.at).toLocaleString() })
          : t("loss.nothing")}
      </p>
      <button type="button" data-testid="loss-understood" onClick={() => void understood()}>
        {t("loss.understood")}
      </button>
    </section>
  );
}
