/** Claims: the receipts of a trip, collected and handed in; then what became of each. */

import { useState } from "preact/hooks";
import { money, say, t } from "../i18n";
import { newId } from "../ids";
import { go } from "../router";
import { allowanceMinor } from "../rules/allowance";
import { create, save, type Wish } from "../store/save";
import { all, one, type Shown, world } from "../store/view";
import { wake } from "../sync/runner";
import {
  AllowanceDays,
  AllowanceFields,
  freeSpan,
  isOffered,
  outcomeOf,
  type Span,
  words,
} from "../ui/allowance";
import { Comments, commentsOf } from "../ui/comments";
import { whyNotSaved } from "../ui/not-saved";
import { type FindingLike, Findings, nameOf, RecordStateBadge, Status, Top } from "../ui/parts";
import { Previews } from "../ui/preview";
import { UnreadableBadge } from "../ui/reading";
import { AskForWaiver, Waivers } from "../ui/waivers";
import { TripChoice } from "./receipt";
import { HandInAgain, Repair } from "./repair";

export function Claims() {
  const claims = all("claim").reverse();
  return (
    <>
      <Top title={t("claim.title")} />
      <p>
        <button type="button" class="primary wide" data-testid="claim-new" onClick={() => go("claim")}>
          {t("claim.new")}
        </button>
      </p>
      {claims.length === 0 && <p class="card empty">{t("claim.empty")}</p>}
      {claims.map((claim) => (
        <a class="card" key={claim.id} href={`#/claim/${claim.id}`} data-testid="claim-item">
          <div class="spread">
            <h2 class="title">{String(one("trip", claim.trip_id as string)?.purpose ?? "")}</h2>
            <RecordStateBadge state={claim.$state} />
          </div>
          <p>
            {money(totalOf(claim))} {claim.$state !== "attention" && <Status status={claim.status} />}
          </p>
          {commentsOf(claim.id).length > 0 && (
            <p class="soft">{t("comment.count", { count: commentsOf(claim.id).length })}</p>
          )}
        </a>
      ))}
    </>
  );
}

/** One claim with its lines. */
export function ClaimScreen({ owner, id }: { owner: string; id: string }) {
  const claim = one("claim", id);
  if (!claim) return <Top title={t("claim.title")} back={["claims"]} />;
  return (
    <>
      <Top
        title={String(one("trip", claim.trip_id as string)?.purpose ?? t("claim.title"))}
        back={["claims"]}
      />
      <p class="spread">
        <strong>{t("claim.amount", { amount: money(totalOf(claim)) })}</strong>
        {claim.$state === "attention" ? (
          <RecordStateBadge state="attention" />
        ) : (
          <Status status={claim.status} />
        )}
      </p>
      <Advance trip_id={claim.trip_id as string} />
      {claim.status === "returned" && <HandInAgain owner={owner} claim={claim} lines={linesOf(claim)} />}
      {linesOf(claim).map((line) => (
        <Line key={line.id} owner={owner} line={line} claim={claim} />
      ))}
      <Comments owner={owner} claimId={id} />
    </>
  );
}

function Line({ owner, line, claim }: { owner: string; line: Shown; claim: Shown }) {
  const receipt = one("receipt", line.receipt_id as string);
  const isReturned = line.status === "returned" && claim.status === "returned";
  const isJudged =
    line.status !== "draft" && line.status !== undefined && (line.status !== "returned" || isReturned);
  const isLess = Number(line.approved_minor ?? 0) > 0 && line.approved_minor !== line.amount_minor;
  const canMend = line.status === "blocked" || line.status === "needs_review";
  return (
    <article class="card" data-testid="claim-line" data-status={String(line.status)}>
      <div class="spread">
        <h2 class="title">
          {line.reverses ? `${t("claim.reversal")} · ` : ""}
          {receipt ? nameOf("receipt", receipt) : ""} · {money(line.amount_minor, line.currency)}
        </h2>
        {isJudged ? <Status status={line.status} /> : <RecordStateBadge state={line.$state} />}
      </div>
      {receipt?.category === "allowance" ? (
        <AllowanceDays receipt={receipt} />
      ) : (
        <Previews of={receipt?.attachments} isStrip />
      )}
      {!isJudged && (line.$state === "attention" ? <NotTaken line={line} /> : <Waiting />)}
      <UnreadableBadge receipt={receipt} />
      {isReturned && <Repair owner={owner} line={line} />}
      {line.status !== "returned" && (
        <Findings
          findings={(line.findings as FindingLike[] | undefined) ?? []}
          action={(code) => <AskForWaiver line={line} code={code} />}
        />
      )}
      <Waivers owner={owner} line={line} />
      {isLess && (
        <p class="flash">
          {t("claim.approved_less", {
            amount: money(line.approved_minor, line.currency),
            reason: line.decision_note,
          })}
        </p>
      )}
      {Boolean(line.reverses) && (
        <p class="flash">{t("claim.reversed_because", { reason: line.decision_note })}</p>
      )}
      {line.status === "refused" && (
        <p class="flash">{t("claim.refused_because", { reason: line.decision_note })}</p>
      )}
      {canMend && receipt && (
        <a class="button" href={`#/receipt/${receipt.id}`}>
          {t("outbox.repair")}
        </a>
      )}
    </article>
  );
}

function Waiting() {
  return <p class="soft">{t("claim.waiting")}</p>;
}

/** Why the server did not take a line, and where that is mended. */
function NotTaken({ line }: { line: Shown }) {
  const refused = world.value.changes.find(
    (change) => change.state === "rejected" && change.record_id === line.id,
  );
  const isAllowance = one("receipt", line.receipt_id as string)?.category === "allowance";
  return (
    <>
      {refused && <p class="flash">{say(`error.${refused.code}`, refused.params ?? {})}</p>}
      <a
        class="button"
        href={isAllowance ? `#/receipt/${line.receipt_id}` : "#/outbox"}
        data-testid="line-mend"
      >
        {isAllowance ? words("mend") : t("outbox.title")}
      </a>
    </>
  );
}

/** Collecting a trip's receipts into a claim: of the newest trip unless another is named. */
export function NewClaim({ owner, ofTrip }: { owner: string; ofTrip?: string }) {
  const [tripId, setTrip] = useState(ofTrip ?? all("trip").at(-1)?.id ?? "");
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [span, setSpan] = useState<Span | null>(null);
  const [message, setMessage] = useState("");
  const claimed = new Set(
    all("claim_line")
      .filter((line) => line.status !== "refused" && !line.reverses && !line.reversed_by)
      .map((line) => line.receipt_id),
  );
  const receipts = all("receipt").filter((receipt) => receipt.trip_id === tripId && !claimed.has(receipt.id));
  const chosen = receipts.filter((receipt) => !left.has(receipt.id));
  const trip = one("trip", tripId);
  const free = isOffered() ? freeSpan(trip) : null;
  const outcome = span && outcomeOf(span, trip);
  const days = outcome && !("code" in outcome) ? outcome : [];
  const papers = chosen.reduce((sum, receipt) => sum + Number(receipt.amount_minor), 0);
  const total = papers + allowanceMinor(days);
  const toggle = (id: string) => {
    const next = new Set(left);
    if (!next.delete(id)) next.add(id);
    setLeft(next);
  };
  const submit = async () => {
    try {
      const id = newId();
      const daily = span && create("receipt", allowanceFields(tripId, span, allowanceMinor(days)));
      await save(owner, [
        ...(daily ? [daily] : []),
        ...claimOf(id, tripId, [...chosen, ...asReceipt(daily)]),
      ]);
      wake();
      go("claim", id);
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <>
      <Top title={t("claim.new")} back={["claims"]} />
      <TripChoice
        value={tripId}
        onValue={(chosenTrip) => {
          setTrip(chosenTrip);
          setSpan(null);
        }}
      />
      <fieldset>
        <legend>{t("claim.choose")}</legend>
        {receipts.length === 0 && <p class="empty">{t("claim.no_receipts")}</p>}
        {receipts.map((receipt) => (
          <label class="check" key={receipt.id}>
            <input
              type="checkbox"
              checked={!left.has(receipt.id)}
              onChange={() => toggle(receipt.id)}
              data-testid="claim-receipt"
            />
            <span>
              {receipt.category !== "allowance" && `${say(`category.${receipt.category}`)} · `}
              {nameOf("receipt", receipt)} · {money(receipt.amount_minor, receipt.currency)}
              <UnreadableBadge receipt={receipt} />
            </span>
          </label>
        ))}
      </fieldset>
      {free && (
        <fieldset>
          <legend>{say("category.allowance")}</legend>
          <label class="check">
            <input
              type="checkbox"
              checked={span !== null}
              onChange={() => setSpan(span ? null : free)}
              data-testid="claim-allowance"
            />
            <span>{words("choose")}</span>
          </label>
          {span && outcome && <AllowanceFields span={span} onSpan={setSpan} outcome={outcome} />}
        </fieldset>
      )}
      <p>
        <strong data-testid="claim-total">{t("claim.amount", { amount: money(total) })}</strong>
      </p>
      {message && <p class="flash">{message}</p>}
      <button
        type="button"
        class="primary wide"
        disabled={chosen.length + days.length === 0 || (span !== null && days.length === 0)}
        data-testid="claim-submit"
        onClick={() => void submit()}
      >
        {t("claim.submit")}
      </button>
    </>
  );
}

/** What this phone says of an allowance; the server computes the amount anew. */
function allowanceFields(trip_id: string, { first, last }: Span, amount_minor: number) {
  return { trip_id, category: "allowance", amount_minor, issued_on: first, allowance_until: last };
}

function asReceipt(wish: Wish | null): Claimed[] {
  return wish ? [{ id: wish.record_id, amount_minor: wish.fields.amount_minor }] : [];
}

/** What a line needs of a receipt. */
interface Claimed {
  id: string;
  amount_minor?: unknown;
}

/** A claim, its lines, and the word that it is handed in: in the order in which the server must see them. */
function claimOf(id: string, trip_id: string, receipts: Claimed[]): Wish[] {
  const lines = receipts.map((receipt) =>
    create("claim_line", { claim_id: id, receipt_id: receipt.id, amount_minor: receipt.amount_minor }),
  );
  const submitted: Wish = {
    entity: "claim",
    record_id: id,
    op: "update",
    fields: { status: "submitted" },
    base: { status: "draft" },
    base_version: 1,
  };
  return [create("claim", { trip_id, status: "draft" }, id), ...lines, submitted];
}

function linesOf(claim: Shown): Shown[] {
  return all("claim_line").filter((line) => line.claim_id === claim.id);
}

function totalOf(claim: Shown): number {
  return linesOf(claim).reduce((sum, line) => sum + Number(line.amount_minor), 0);
}

/** What was given for the trip, and what is left of it, once there was an advance. */
function Advance({ trip_id }: { trip_id: string }) {
  const given = all("advance").filter((advance) => advance.trip_id === trip_id);
  if (given.length === 0) return null;
  const sum = (of: Shown[], name: string) => of.reduce((total, item) => total + Number(item[name] ?? 0), 0);
  const claims = new Set(all("claim").flatMap((claim) => (claim.trip_id === trip_id ? claim.id : [])));
  const lines = all("claim_line").filter(
    (line) => claims.has(String(line.claim_id)) && !line.reverses && !line.reversed_by,
  );
  const approved = lines.filter((line) => line.status === "approved");
  const set_off = sum(lines, "set_off_minor");
  const owed = sum(given, "amount_minor") - sum(given, "returned_minor") - set_off;
  const to_pay = sum(approved, "approved_minor") - sum(approved, "set_off_minor");
  const currency = given[0]?.currency;
  return (
    <section class="card" data-testid="advance">
      <p>
        {t("claim.advance", {
          given: money(sum(given, "amount_minor"), currency),
          set_off: money(set_off, currency),
        })}
      </p>
      {owed > 0 && <p class="soft">{t("claim.advance_owed", { owed: money(owed, currency) })}</p>}
      {to_pay > 0 && <p>{t("claim.advance_to_pay", { to_pay: money(to_pay, currency) })}</p>}
    </section>
  );
}
