/** The outbox: where each change is, and what to do about those that need the person. */
import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { drop, sendAgain } from "../store/again";
import { db, type Fields, type StoredChange, type StoredFile } from "../store/db";
import { one, stateOf, world } from "../store/view";
import { syncNow, wake } from "../sync/runner";
import { session } from "../sync/session";
import { SyncLine } from "../ui/line";
import { nameOf, RecordStateBadge, Top } from "../ui/parts";

const EDITABLE: Record<string, (id: string, fields: Fields) => string | undefined> = {
  receipt: (id) => `#/receipt/${id}`,
  claim_line: (_, { receipt_id }) =>
    one("receipt", receipt_id as string)?.category === "allowance" ? `#/receipt/${receipt_id}` : undefined,
  service_report: () => "#/report",
  tool_purchase: (id) => `#/tool/${id}`,
};
const EDITABLE_AT_THE_COUNTER: typeof EDITABLE = {
  stock_count: (id) => `#/count/${id}`,
  tool_unit: (id) => `#/unit/${id}`,
};

export function Outbox() {
  const { changes, files } = world.value;
  const open = changes.filter((change) => change.state !== "done" && change.entity !== "attachment");
  const photos = [...files.values()].filter((file) => file.state !== "sent");
  return (
    <>
      <Top title={t("outbox.title")}>
        <a class="button" href="#/settings" data-testid="settings">
          {t("settings.title")}
        </a>
      </Top>
      <SyncLine />
      <p>
        <button type="button" class="wide" data-testid="sync-now" onClick={syncNow}>
          {t("outbox.sync_now")}
        </button>
      </p>
      {open.length + photos.length === 0 && <p class="card empty">{t("outbox.empty")}</p>}
      {open.map((change) => (
        <Item key={change.change_id} change={change} />
      ))}
      {photos.map((file) => (
        <Photo key={file.key} file={file} />
      ))}
    </>
  );
}

function Item({ change }: { change: StoredChange }) {
  const record = one(change.entity, change.record_id);
  const params = change.params ?? {};
  return (
    <article class="card" data-testid="outbox-item" data-entity={change.entity}>
      <div class="spread">
        <h2 class="title">{record ? nameOf(change.entity, record) : say(`field.${change.entity}_id`)}</h2>
        <RecordStateBadge state={stateOf(change)} />
      </div>
      {change.state === "waiting" && change.code && <p class="soft">{t("outbox.held")}</p>}
      {change.state === "rejected" && (
        <>
          <p class="flash">{say(`error.${change.code}`, params)}</p>
          {fieldErrors(change).map(([field, codes]) => (
            <p key={field}>
              {say(`field.${field}`)}: {codes.map((code) => say(`error.${code}`, params)).join(", ")}
            </p>
          ))}
        </>
      )}
      {change.state === "conflict" && <Conflict change={change} />}
      {change.state === "rejected" && <Repair change={change} />}
    </article>
  );
}

function Repair({ change }: { change: StoredChange }) {
  const [isSure, setSure] = useState(false);
  const editable = session.value?.user.role === "warehouse" ? EDITABLE_AT_THE_COUNTER : EDITABLE;
  // A count that is closed with other differences than the server's goes on, also where the desk began it.
  const edit =
    change.op === "create" || change.entity === "stock_count"
      ? editable[change.entity]?.(change.record_id, change.fields)
      : undefined;
  return (
    <div class="row">
      <button type="button" data-testid="outbox-retry" onClick={() => void retry(change)}>
        {t("outbox.retry")}
      </button>
      {edit && (
        <a class="button" href={edit} data-testid="outbox-mend">
          {t("outbox.repair")}
        </a>
      )}
      <button type="button" onClick={() => exportChange(change)}>
        {t("outbox.export")}
      </button>
      <button
        type="button"
        class="danger"
        data-testid="outbox-discard"
        onClick={() => (isSure ? void discard(change) : setSure(true))}
      >
        {isSure ? t("outbox.discard_sure") : t("outbox.discard")}
      </button>
    </div>
  );
}

/** Yours or theirs, field by field. Nothing was overwritten. */
function Conflict({ change }: { change: StoredChange }) {
  const fields = ((change.params?.fields as string[] | undefined) ?? []).filter(
    (name) => name in change.fields,
  );
  const [mine, setMine] = useState<ReadonlySet<string>>(new Set());
  const theirs = change.theirs ?? {};
  const choose = (name: string, isMine: boolean) => {
    const next = new Set(mine);
    if (isMine) next.add(name);
    else next.delete(name);
    setMine(next);
  };
  const resolve = async () => {
    const kept = Object.entries(change.fields).filter(([name]) => !fields.includes(name) || mine.has(name));
    if (kept.length === 0) return discard(change);
    const base = Object.fromEntries(kept.map(([name]) => [name, theirs[name] ?? null]));
    const base_version = Number(theirs.version);
    await sendAgain(change, { fields: Object.fromEntries(kept), base, base_version });
    wake();
  };
  return (
    <>
      <p class="flash">{t("outbox.conflict")}</p>
      {fields.map((name) => (
        <fieldset key={name}>
          <legend>{say(`field.${name}`)}</legend>
          {[false, true].map((isMine) => (
            <label class="check" key={String(isMine)}>
              <input
                type="radio"
                name={`${change.change_id}-${name}`}
                checked={mine.has(name) === isMine}
                data-testid={isMine ? "conflict-mine" : "conflict-theirs"}
                onChange={() => choose(name, isMine)}
              />
              <span>
                {t(isMine ? "outbox.mine" : "outbox.theirs")}:{" "}
                {shown(name, isMine ? change.fields[name] : theirs[name])}
              </span>
            </label>
          ))}
        </fieldset>
      ))}
      <button type="button" class="primary" data-testid="conflict-resolve" onClick={() => void resolve()}>
        {t("outbox.use_choice")}
      </button>
    </>
  );
}

function Photo({ file }: { file: StoredFile }) {
  const retry = async () => {
    await db.files.update(file.key, { state: "waiting", upload_url: "" });
    wake();
  };
  return (
    <article class="card" data-testid="outbox-photo">
      <div class="spread">
        <h2 class="title">
          {t("outbox.photo")} · {Math.ceil(file.size / 1024)} kB
        </h2>
        <RecordStateBadge state={file.state === "refused" ? "attention" : "phone"} />
      </div>
      {file.state === "refused" && (
        <>
          <p class="flash">{say(`error.${file.code}`)}</p>
          <button type="button" onClick={() => void retry()}>
            {t("outbox.retry")}
          </button>
        </>
      )}
    </article>
  );
}

/** What the server says of single fields, without what it says of the whole already. */
function fieldErrors(change: StoredChange): [string, string[]][] {
  return Object.entries(change.errors ?? {}).filter(([, codes]) =>
    codes.some((code) => code !== change.code),
  );
}

async function retry(change: StoredChange): Promise<void> {
  await sendAgain(change);
  wake();
}

async function discard(change: StoredChange): Promise<void> {
  await drop(change);
  wake();
}

/** One change as a file, so that nothing typed is ever lost. */
function exportChange(change: StoredChange): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(change, null, 2)], { type: "application/json" }));
  link.download = `fieldclaim-${change.entity}-${change.change_id}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** A value in the words of its field. */
function shown(name: string, value: unknown): string {
  if (name === "status") return say(`status.${value}`);
  if (name.endsWith("condition")) return value ? say(`condition.${value}`) : t("app.none");
  if (name === "attachments") return `${t("outbox.photo")} × ${(value as unknown[] | null)?.length ?? 0}`;
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value ?? "");
}
