/** What a person is told of beside the app, and when not: chosen here without network, too. */

import { useEffect, useState } from "preact/hooks";
import { say, t } from "../i18n";
import { kindsFor } from "../rules/notices";
import { create, save, update } from "../store/save";
import { all, type Shown } from "../store/view";
import { type Alerts, alertsOf, turnOff, turnOn } from "../sync/alerts";
import { wake } from "../sync/runner";
import { session } from "../sync/session";
import { useDraft } from "../ui/draft";
import { whyNotSaved } from "../ui/not-saved";
import { Field, RecordStateBadge, Top } from "../ui/parts";
import { nt } from "./notice-texts";

interface Form {
  mail_address: string;
  mail_kinds: string[];
  push_kinds: string[] | null;
  quiet_from: string;
  quiet_until: string;
}

type Errors = Partial<Record<keyof Form, string>>;

export function NoticeChoices({ owner }: { owner: string }) {
  const kept = keptChoice();
  const draft = `${owner}/notice_choice`;
  const form = useDraft<Partial<Form>>(owner, draft, {});
  const [message, setMessage] = useState("");
  const [isKept, setKept] = useState(false);
  const [errors, setErrors] = useState<Errors>({});
  if (!form.value) return null;
  const values = { ...formOf(kept), ...form.value };
  const set = (part: Partial<Form>) => {
    setKept(false);
    form.value = { ...form.value, ...part };
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const wrong = errorsOf(values);
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    try {
      const fields = { ...values };
      await save(
        owner,
        [kept ? update("notice_choice", kept, fields) : create("notice_choice", fields)],
        [],
        draft,
      );
      form.value = {};
      setMessage("");
      setKept(true);
      wake();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <>
      <Top title={nt("choices.title")} back={["settings"]}>
        {kept && <RecordStateBadge state={kept.$state} />}
      </Top>
      <p class="soft">{nt("choices.lead")}</p>
      <OnThisPhone owner={owner} />
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Kinds
          name="push_kinds"
          legend={nt("choices.all_phones")}
          chosen={values.push_kinds}
          onChoice={(push_kinds) => set({ push_kinds })}
        />
        <section class="card">
          <Field
            label={say("field.mail_address")}
            name="mail_address"
            type="email"
            value={values.mail_address}
            onValue={(mail_address) => set({ mail_address })}
            error={errors.mail_address}
          />
          <p class="soft">{nt("choices.mail_hint")}</p>
          <Kinds
            name="mail_kinds"
            legend={say("field.mail_kinds")}
            chosen={values.mail_kinds}
            onChoice={(mail_kinds) => set({ mail_kinds })}
          />
        </section>
        <fieldset>
          <legend>{nt("choices.quiet")}</legend>
          <div class="row">
            {(["quiet_from", "quiet_until"] as const).map((name) => (
              <Field
                key={name}
                label={say(`field.${name}`)}
                name={name}
                type="time"
                value={values[name]}
                onValue={(value) => set({ [name]: value })}
                error={errors[name]}
              />
            ))}
          </div>
          <p class="soft">{nt("choices.quiet_hint")}</p>
        </fieldset>
        {message && (
          <p class="flash" role="alert">
            {message}
          </p>
        )}
        {isKept && (
          <p class="flash good" role="status" data-testid="choices-kept">
            {nt("choices.kept")}
          </p>
        )}
        <button type="submit" class="primary wide" data-testid="choices-save">
          {t("app.save")}
        </button>
      </form>
    </>
  );
}

/** The browser asks its question only after this tap, and what it is about stands above the button. */
function OnThisPhone({ owner }: { owner: string }) {
  const [alerts, setAlerts] = useState<Alerts | null>(null);
  const [isFailed, setFailed] = useState(false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => void alertsOf(owner).then(setAlerts), [owner]);
  const turn = async (way: (owner: string) => Promise<Alerts>) => {
    setBusy(true);
    setFailed(false);
    try {
      setAlerts(await way(owner));
    } catch {
      setFailed(true);
    }
    setBusy(false);
  };
  if (!alerts) return null;
  return (
    <section class="card apart" data-testid={`alerts-${alerts}`}>
      <h2>{nt("alerts.title")}</h2>
      {alerts === "on" && <p class="state good">{nt("alerts.on_now")}</p>}
      {alerts === "off" && <p>{nt("alerts.lead")}</p>}
      {(alerts === "missing" || alerts === "blocked") && <p>{nt(`alerts.${alerts}`)}</p>}
      {isFailed && (
        <p class="flash" role="alert" data-testid="alerts-failed">
          {nt("alerts.failed")}
        </p>
      )}
      {alerts === "off" && (
        <button
          type="button"
          class="primary wide"
          data-testid="alerts-turn-on"
          disabled={isBusy}
          onClick={() => void turn(turnOn)}
        >
          {nt("alerts.on")}
        </button>
      )}
      {alerts === "on" && (
        <button
          type="button"
          class="wide"
          data-testid="alerts-turn-off"
          disabled={isBusy}
          onClick={() => void turn(turnOff)}
        >
          {nt("alerts.off")}
        </button>
      )}
    </section>
  );
}

interface KindsProps {
  name: "push_kinds" | "mail_kinds";
  legend: string;
  chosen: string[] | null;
  onChoice: (kinds: string[]) => void;
}

function Kinds({ name, legend, chosen, onChoice }: KindsProps) {
  const kinds = kindsFor(session.value?.user.role);
  const isChosen = (kind: string) => chosen === null || chosen.includes(kind);
  const turn = (kind: string, isOn: boolean) =>
    onChoice(kinds.filter((each) => (each === kind ? isOn : isChosen(each))));
  return (
    <fieldset>
      <legend>{legend}</legend>
      {kinds.map((kind) => (
        <label class="check" key={kind}>
          <input
            type="checkbox"
            checked={isChosen(kind)}
            data-testid={`${name}-${kind}`}
            onChange={(event) => turn(kind, event.currentTarget.checked)}
          />
          {say(`notice_kind.${kind}`)}
        </label>
      ))}
    </fieldset>
  );
}

/** What the server has of the person's choice; else what waits on this phone. */
function keptChoice(): Shown | undefined {
  const found = all("notice_choice");
  return found.find((choice) => choice.version > 0) ?? found[0];
}

function formOf(kept: Shown | undefined): Form {
  const text = (name: string) => String(kept?.[name] ?? "");
  return {
    mail_address: text("mail_address"),
    mail_kinds: (kept?.mail_kinds as string[] | undefined) ?? [],
    push_kinds: (kept?.push_kinds as string[] | null | undefined) ?? null,
    quiet_from: text("quiet_from"),
    quiet_until: text("quiet_until"),
  };
}

function errorsOf(form: Form): Errors {
  const errors: Errors = {};
  const required = say("error.required");
  if (form.mail_kinds.length > 0 && !form.mail_address) errors.mail_address = required;
  if (form.mail_address && !/^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/.test(form.mail_address)) {
    errors.mail_address = say("error.bad_format");
  }
  if (form.quiet_from && !form.quiet_until) errors.quiet_until = required;
  if (form.quiet_until && !form.quiet_from) errors.quiet_from = required;
  return errors;
}
