/** Where the application begins. */
import { render } from "preact";
import "./style.css";
import { App } from "./app";
import { language, loadCodes } from "./i18n";
import { followAddress } from "./router";
import { loadNames } from "./rules/divisions";
import { wasEmptied } from "./store/mark";
import { start } from "./sync/runner";
import { openSession } from "./sync/session";
import { followUpdates } from "./update";

document.documentElement.lang = language.value;
followAddress();
void wasEmptied()
  .catch(() => false)
  .then(() => Promise.all([openSession(), loadCodes()]))
  .then(() => {
    const root = document.getElementById("app");
    if (root) render(<App />, root);
    start();
  });
void loadNames();
void followUpdates();
void navigator.storage?.persist?.();
