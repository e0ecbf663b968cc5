/** What a form says when its record could not be kept on this phone. */
import { t } from "../i18n";
import { SaveFailed } from "../store/save";

/** The reason in the person's language, and what to do. */
export function whyNotSaved(error: unknown): string {
  return t(error instanceof SaveFailed ? `app.${error.code}` : "app.storage_broken");
}
