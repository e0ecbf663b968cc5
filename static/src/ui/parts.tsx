/** Small parts that every screen is made of. */
import type { ComponentChildren } from "preact";
import { finding as findingWords, say, t } from "../i18n";
import { go } from "../router";
import type { RecordState, Shown } from "../store/view";
import { one } from "../store/view";

/** A screen's head: where one is, and the way back. */
export function Top({
  title,
  back,
  children,
}: {
  title: string;
  back?: string[];
  children?: ComponentChildren;
}) {
  return (
    <div class="top">
      {back && (
        <button type="button" class="plain" aria-label={t("app.back")} onClick={() => go(...back)}>
          ←
        </button>
      )}
      <h1>{title}</h1>
      {children}
    </div>
  );
}

const LOOKS: Record<RecordState, [look: string, mark: string]> = {
  phone: ["warn", "▣"],
  sending: ["warn", "↑"],
  server: ["good", "✓"],
  attention: ["bad", "!"],
};

/** Where a record is: told by shape and word. */
export function RecordStateBadge({ state }: { state: RecordState }) {
  const [look, mark] = LOOKS[state];
  return (
    <span class={`state ${look}`} data-testid={`state-${state}`}>
      <span aria-hidden="true">{mark}</span>
      {t(`state.${state}`)}
    </span>
  );
}

const STATUS_LOOKS: Record<string, string> = {
  clear: "good",
  approved: "good",
  paid: "good",
  filed: "good",
  stocked_in: "good",
  issued: "warn",
  in_repair: "warn",
  lost: "bad",
  blocked: "bad",
  refused: "bad",
  needs_review: "warn",
  returned: "warn",
  asked: "warn",
  given: "good",
  expired: "bad",
};

/** A status in words. */
export function Status({ status }: { status: unknown }) {
  return (
    <span class={`state ${STATUS_LOOKS[String(status)] ?? ""}`} data-testid={`status-${status}`}>
      {say(`status.${status}`)}
    </span>
  );
}

export interface FindingLike {
  code: string;
  params: Record<string, unknown>;
  severity?: string;
  article?: string;
  waived?: boolean;
}

/** What was found, each with its article, and what may be done about it. */
export function Findings({
  findings,
  action,
}: {
  findings: FindingLike[];
  action?: (code: string) => ComponentChildren;
}) {
  const open = findings.filter((item) => !item.waived);
  if (open.length === 0) return null;
  return (
    <ul class="warnings">
      {open.map((item) => (
        <li key={item.code} class={item.severity ?? "review"} data-testid={`finding-${item.code}`}>
          {findingWords(item.code, item.params)} {item.article && <span class="soft">{item.article}</span>}
          {action?.(item.code)}
        </li>
      ))}
    </ul>
  );
}

interface FieldProps {
  label: string;
  name: string;
  value: string;
  onValue: (value: string) => void;
  type?: "text" | "password" | "date" | "email" | "time";
  mode?: "decimal" | "numeric" | "text";
  required?: boolean;
  multiline?: boolean;
  error?: string | undefined;
}

/** A labelled field. What is wrong with it stands below it and is read out with it. */
export function Field({ label, name, value, onValue, type, mode, required, multiline, error }: FieldProps) {
  const common = {
    id: name,
    name,
    value,
    "data-testid": `field-${name}`,
    "aria-invalid": error ? ("true" as const) : undefined,
    "aria-describedby": error ? `${name}-error` : undefined,
    required: required ?? false,
    autocomplete: "off",
  };
  return (
    <label htmlFor={name}>
      {label} {!required && <span class="soft">({t("app.optional")})</span>}
      {multiline ? (
        <textarea {...common} onInput={(event) => onValue(event.currentTarget.value)} />
      ) : (
        <input
          {...common}
          type={(type ?? "text") as "text" /* the typings keep one set of attributes for each type */}
          inputMode={mode}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
      {error && (
        <span id={`${name}-error`} class="soft">
          ! {error}
        </span>
      )}
    </label>
  );
}

interface ChoiceProps {
  label: string;
  name: string;
  value: string;
  options: [value: string, text: string][];
  onValue: (value: string) => void;
}

/** One of several, by the phone's own picker. */
export function Choice({ label, name, value, options, onValue }: ChoiceProps) {
  return (
    <label>
      {label}
      <select
        name={name}
        data-testid={`field-${name}`}
        value={value}
        onChange={(event) => onValue(event.currentTarget.value)}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Amounts as people type them, in minor units; null where it is none. */
export function minorOf(text: string): number | null {
  const match = /^\s*([0-9]{1,9})(?:[.,]([0-9]{1,2}))?\s*$/.exec(text);
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : null;
}

/** Minor units as people type them. */
export function typedOf(minor: unknown): string {
  return typeof minor === "number" ? (minor / 100).toFixed(2) : "";
}

/** The name that a record goes by in lists. */
export function nameOf(entity: string, record: Shown): string {
  const fields = record as Record<string, unknown>;
  const name =
    fields.seller_name ||
    fields.name ||
    fields.number ||
    fields.purpose ||
    fields.fault_cause ||
    fields.label ||
    fields.serial_number ||
    fields.shelf;
  if (name) return String(name);
  if (fields.category === "allowance") return say("category.allowance");
  // A check-out goes by its tool's name, and a tool that has none yet by its purchase's.
  const unit = entity === "tool_issue" && one("tool_unit", fields.tool_unit_id as string);
  if (unit) return nameOf("tool_unit", unit);
  const bought = entity === "tool_unit" && one("tool_purchase", fields.tool_purchase_id as string);
  return bought ? nameOf("tool_purchase", bought) : say(`field.${entity}_id`);
}
