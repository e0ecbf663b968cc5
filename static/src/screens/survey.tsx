/** The customer's satisfaction survey (REG-C7): the phone is handed over for it. */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { create, save } from "../store/save";
import { all } from "../store/view";
import { wake } from "../sync/runner";
import { useDraft } from "../ui/draft";
import { whyNotSaved } from "../ui/not-saved";
import { Choice, Field, Top } from "../ui/parts";

const ASPECTS = ["attitude", "punctuality", "skill", "result"] as const;
type Scores = Partial<Record<(typeof ASPECTS)[number], number>>;

interface Form {
  work_order_id: string;
  scores: Scores;
  comment: string;
}

export function SurveyScreen({ owner }: { owner: string }) {
  const given = new Set(all("survey").map((survey) => survey.work_order_id));
  const orders = all("work_order").filter((order) => order.status !== "cancelled" && !given.has(order.id));
  const key = `${owner}/survey/new`;
  const form = useDraft<Form>(owner, key, { work_order_id: "", scores: {}, comment: "" });
  const [message, setMessage] = useState("");
  const [isDone, setDone] = useState(false);
  const values = form.value;
  if (!values) return null;
  if (isDone) {
    return (
      <>
        <Top title={t("log.survey")} back={["log"]} />
        <p class="flash good" role="status">
          {t("survey.done")}
        </p>
      </>
    );
  }
  const set = (part: Partial<Form>) => {
    form.value = { ...values, ...part };
  };
  const work_order_id = values.work_order_id || (orders.at(-1)?.id ?? "");
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!work_order_id || ASPECTS.some((aspect) => !values.scores[aspect])) {
      return setMessage(`${say("field.scores")}: ${say("error.required")}`);
    }
    try {
      const fields = { work_order_id, scores: values.scores, comment: values.comment };
      await save(owner, [create("survey", fields)], [], key);
      wake();
      setDone(true);
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={t("log.survey")} back={["log"]} />
      <Choice
        label={say("field.work_order_id")}
        name="work_order_id"
        value={work_order_id}
        options={orders.map((order) => [order.id, `${order.number} · ${order.problem}`])}
        onValue={(id) => set({ work_order_id: id })}
      />
      <p>{t("survey.thanks")}</p>
      {ASPECTS.map((aspect) => (
        <fieldset key={aspect}>
          <legend>{say(`score.${aspect}`)}</legend>
          <div class="scores">
            {[1, 2, 3, 4, 5].map((score) => (
              <label key={score}>
                <input
                  type="radio"
                  name={aspect}
                  checked={values.scores[aspect] === score}
                  data-testid={`score-${aspect}-${score}`}
                  onChange={() => set({ scores: { ...values.scores, [aspect]: score } })}
                />
                {score}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      <Field
        label={say("field.note")}
        name="comment"
        multiline
        value={values.comment}
        onValue={(comment) => set({ comment })}
      />
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
      <button type="submit" class="primary wide" data-testid="survey-save">
        {t("app.save")}
      </button>
    </form>
  );
}
