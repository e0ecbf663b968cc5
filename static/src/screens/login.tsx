/** Signing in: once with network, then everything works without. */
import { useEffect, useState } from "preact/hooks";
import { language, say, speak, t } from "../i18n";
import { go } from "../router";
import { db } from "../store/db";
import { Refusal } from "../sync/api";
import { wiped } from "../sync/runner";
import { session, signIn } from "../sync/session";
import { LossNotice } from "../ui/loss";
import { Field } from "../ui/parts";
import { SharedBeforeSignIn } from "../ui/shared";

export function Login() {
  const ended = session.value?.ended ? session.value : null;
  const [username, setUsername] = useState(String(ended?.user.username ?? ""));
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [codeOf, setCodeOf] = useState(""); // whose code is asked for: nobody else's
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const kept = useUnsent();
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      const signed = await signIn(username, password, codeOf === username ? code : "");
      wiped.value = "";
      go("today");
      void speak(signed.user.language === "en" ? "en" : "zh-Hans");
    } catch (failure) {
      const isOurs = failure instanceof Refusal;
      if (isOurs && /^(code_needed|passkey_at_desk)$/.test(failure.code)) setCodeOf(username);
      setError(isOurs ? say(`error.${failure.code}`, failure.params) : t("login.unreachable"));
    }
    setBusy(false);
  };
  const isInstalled = matchMedia("(display-mode: standalone)").matches;
  const isIos = /iPhone|iPad/.test(navigator.userAgent);
  return (
    <main id="main" class="login" tabIndex={-1}>
      <div class="brand">
        <img src="/app/mark.svg" alt="" width="44" height="44" />
        <h1>Fieldclaim</h1>
      </div>
      {wiped.value && <p class="flash">{t("login.wiped")}</p>}
      <LossNotice />
      <SharedBeforeSignIn />
      {isIos && !isInstalled && <p class="flash">{t("install.ios")}</p>}
      <form class="card" onSubmit={(event) => void submit(event)}>
        <Field
          label={say("field.username")}
          name="username"
          value={username}
          onValue={setUsername}
          required
        />
        <Field
          label={say("field.password")}
          name="password"
          type="password"
          value={password}
          onValue={setPassword}
          required
        />
        {codeOf && codeOf === username && (
          <Field label={say("field.code")} name="code" value={code} onValue={setCode} required />
        )}
        {error && (
          <p class="flash" role="alert" data-testid="login-error">
            {error}
          </p>
        )}
        <p class="soft">{t("login.hint")}</p>
        <button class="primary wide" type="submit" disabled={isBusy} data-testid="login-submit">
          {t("login.submit")}
        </button>
      </form>
      {kept > 0 && <p class="soft">{t("login.kept", { count: kept })}</p>}
      <button
        type="button"
        class="plain"
        data-testid="language"
        onClick={() => void speak(language.value === "en" ? "zh-Hans" : "en")}
      >
        {t("app.language")}
      </button>
    </main>
  );
}

function useUnsent(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    db.changes
      .filter((change) => change.state !== "done")
      .count()
      .then(setCount);
  }, []);
  return count;
}
