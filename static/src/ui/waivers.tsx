/** The waivers of a line as its claimant sees them: what was asked for, what was answered, and until when it holds. */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { localDate } from "../ids";
import { isOpen, mayAsk, type Waiver } from "../rules/waiving";
import { save, update } from "../store/save";
import { all, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { whyNotSaved } from "./not-saved";
import { type FindingLike, RecordStateBadge, Status } from "./parts";
import { Previews } from "./preview";

/** The way to the request, where the finding may be asked for. */
export function AskForWaiver({ line, code }: { line: Shown; code: string }) {
  if (!canAsk(line, code)) return null;
  return (
    <p>
      <a class="button" href={`#/waiver/${line.id}/${code}`} data-testid={`ask-${code}`}>
        {t("waiver.ask")}
      </a>
    </p>
  );
}

/** Whether a waiver of this finding may be asked for now. */
export function canAsk(line: Shown, code: string): boolean {
  const { status, findings } = line as { status?: unknown; findings?: FindingLike[] };
  return mayAsk(code, { status, ...(findings && { findings }) }, waiversOf(line.id), localDate());
}

/** A line's waivers, the newest first. */
export function Waivers({ owner, line }: { owner: string; line: Shown }) {
  const found = waiversOf(line.id).reverse();
  return found.map((waiver) => (
    <OneWaiver
      key={waiver.id}
      owner={owner}
      waiver={waiver}
      line={line}
      canRenew={canAsk(line, waiver.finding_code)}
    />
  ));
}

type ShownWaiver = Shown & Waiver;

function waiversOf(lineId: string): ShownWaiver[] {
  return all("waiver").filter((waiver) => waiver.claim_line_id === lineId) as ShownWaiver[];
}

function OneWaiver({
  owner,
  waiver,
  line,
  canRenew,
}: {
  owner: string;
  waiver: ShownWaiver;
  line: Shown;
  canRenew: boolean;
}) {
  const { status = "asked", request, reason, end_reason, attachments } = waiver as Record<string, unknown>;
  const isGiven = status === "given";
  return (
    <section class="waiver" data-testid="waiver" data-status={status}>
      <p class="spread">
        <strong>
          {t("waiver.title")} · {say(`reason.${waiver.finding_code}`)}
        </strong>
        {waiver.$state === "server" ? <Status status={status} /> : <RecordStateBadge state={waiver.$state} />}
      </p>
      {Boolean(request) && <p class="soft">{t("waiver.you", { reason: request })}</p>}
      <Previews of={attachments} />
      {isOpen(waiver) && waiver.$state === "server" && <p>{t("waiver.not_decided")}</p>}
      {Boolean(reason) && <p>{t("waiver.because", { reason })}</p>}
      {isGiven && waiver.valid_until && line.status !== "paid" && (
        <p>{t("waiver.until", { day: waiver.valid_until })}</p>
      )}
      {Boolean(end_reason) && <p>{t("waiver.ended_because", { reason: end_reason })}</p>}
      {isGiven && canRenew && <AskForWaiver line={line} code={waiver.finding_code} />}
      {isOpen(waiver) && waiver.$state !== "attention" && <Withdraw owner={owner} waiver={waiver} />}
    </section>
  );
}

function Withdraw({ owner, waiver }: { owner: string; waiver: Shown }) {
  const [isSure, setSure] = useState(false);
  const [message, setMessage] = useState("");
  const withdraw = async () => {
    try {
      await save(owner, [update("waiver", waiver, { status: "withdrawn" })]);
      wake();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <>
      <button
        type="button"
        data-testid="waiver-withdraw"
        onClick={() => (isSure ? void withdraw() : setSure(true))}
      >
        {t(isSure ? "waiver.withdraw_sure" : "waiver.withdraw")}
      </button>
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
    </>
  );
}
