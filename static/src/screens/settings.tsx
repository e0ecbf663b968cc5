/** Language, storage, and leaving: which never costs anybody their work. */
import { useEffect, useState } from "preact/hooks";
import { language, speak, t } from "../i18n";
import { type Bringing, bringing, choose } from "../store/previews";
import { world } from "../store/view";
import { connection } from "../sync/previews";
import { wake } from "../sync/runner";
import { session, signOut } from "../sync/session";
import { AccountToConfirm } from "../ui/account";
import { counts } from "../ui/line";
import { Choice, Top } from "../ui/parts";

export function Settings() {
  const [used, setUsed] = useState(0);
  const [isKept, setKept] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const { unsent, attention } = counts();
  const open = unsent + attention;
  useEffect(() => {
    navigator.storage?.estimate().then((estimate) => setUsed(estimate.usage ?? 0));
    navigator.storage?.persisted().then(setKept);
  }, []);
  const leave = () => {
    if (open > 0 && !isAsked) return setAsked(true);
    void signOut();
  };
  return (
    <>
      <Top title={t("settings.title")} back={["outbox"]} />
      <section class="card">
        <p class="title">{session.value?.user.display_name}</p>
        <p class="soft">{session.value?.company.name}</p>
      </section>
      {session.value?.user.role === "warehouse" && (
        <a class="card" href="/warehouse/">
          {t("counter.desk")}
        </a>
      )}
      <section class="card">
        <p>{t("settings.storage", { used: (used / 1_048_576).toFixed(1) })}</p>
        <p class="soft">{t(isKept ? "settings.persist_yes" : "settings.persist_no")}</p>
        {session.value?.user.role === "technician" && <PreviewChoice />}
      </section>
      <section class="card">
        {session.value && <AccountToConfirm owner={session.value.user.id} />}
        <p>
          <a class="button wide" href="/payments/account" data-testid="bank-account">
            {t("settings.account")}
          </a>
        </p>
        <p class="soft">{t("settings.account_hint")}</p>
      </section>
      <section class="card">
        <a class="button wide" href="#/choices" data-testid="notice-choices">
          {t("settings.notices")}
        </a>
      </section>
      <p class="row">
        <button
          type="button"
          data-testid="language"
          onClick={() => void speak(language.value === "en" ? "zh-Hans" : "en")}
        >
          {t("app.language")}
        </button>
      </p>
      {isAsked && open > 0 && (
        <p class="flash" data-testid="sign-out-unsent">
          {t("settings.sign_out_unsent", { count: open })}
        </p>
      )}
      {isAsked && open > 0 && (
        <p>
          <button type="button" class="wide" onClick={exportAll}>
            {t("outbox.export")}
          </button>
        </p>
      )}
      <button type="button" class="danger wide" data-testid="sign-out" onClick={leave}>
        {t(isAsked && open > 0 ? "settings.sign_out_anyway" : "settings.sign_out")}
      </button>
    </>
  );
}

/** Whether small pictures of receipts are brought. Over Wi-Fi only is offered where the phone tells its network. */
function PreviewChoice() {
  const [chosen, setChosen] = useState<Bringing | null>(null);
  useEffect(() => {
    void bringing().then(setChosen);
  }, []);
  if (chosen === null) return null;
  const { saveData, type } = connection();
  const options: [string, string][] = [
    ["always", t("settings.previews_always")],
    ["wifi", t("settings.previews_wifi")],
    ["never", t("settings.previews_never")],
  ];
  const take = async (value: Bringing) => {
    await choose(value);
    setChosen(value);
    wake();
  };
  return (
    <>
      <Choice
        label={t("settings.previews")}
        name="previews"
        value={chosen}
        options={options.filter(([value]) => value !== "wifi" || type || chosen === "wifi")}
        onValue={(value) => void take(value as Bringing)}
      />
      {saveData && <p class="soft">{t("settings.previews_saver")}</p>}
    </>
  );
}

function exportAll(): void {
  const changes = world.value.changes.filter((change) => change.state !== "done");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(changes, null, 2)], { type: "application/json" }));
  link.download = "fieldclaim-outbox.json";
  link.click();
  URL.revokeObjectURL(link.href);
}
