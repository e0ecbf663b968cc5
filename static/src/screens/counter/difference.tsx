/** One difference of a count: what it is, what is done about it, and why. */
import { say } from "../../i18n";
import type { Difference, Step } from "../../rules/stock-count";
import { Choice, Field } from "../../ui/parts";
import { type ShownUnit, toolOf } from "./known";
import { w } from "./texts";

/** A difference settled, as the server has it. */
export interface Adjustment {
  code: string;
  step: Step;
  reason: string;
}

interface Props {
  difference: Difference;
  chosen: Adjustment | undefined;
  onSettle: (adjustment: Adjustment) => void;
}

export function DifferenceCard({ difference, chosen, onSettle }: Props) {
  const { code, steps } = difference;
  const unit = difference.unit as ShownUnit | undefined;
  // A step chosen before the shelf was scanned further may not be open any more.
  const step = chosen && steps.includes(chosen.step) ? chosen.step : (steps[0] ?? "left");
  const current = { code, step, reason: chosen?.reason ?? "" };
  return (
    <section class="card" data-testid={`difference-${difference.difference}`}>
      <p class="title name">
        {code}
        {unit && ` · ${toolOf(unit)}`}
      </p>
      <p class="hint">
        {w(`count.${difference.difference}`, {
          shelf: unit?.shelf || w("tools.no_shelf"),
          status: say(`status.${unit?.status}`),
        })}
      </p>
      <Choice
        label={w("count.step")}
        name={`step-${code}`}
        value={current.step}
        options={steps.map((step) => [step, w(`count.step_${step}`)])}
        onValue={(step) => onSettle({ ...current, step: step as Step })}
      />
      <Field
        label={say("field.reason")}
        name={`reason-${code}`}
        required
        value={current.reason}
        onValue={(reason) => onSettle({ ...current, reason })}
      />
    </section>
  );
}
