/** What can be logged, and what was logged last. */
import { money, t } from "../i18n";
import { all } from "../store/view";
import { nameOf, RecordStateBadge, Top } from "../ui/parts";
import { UnreadableBadge } from "../ui/reading";

const WAYS = [
  ["receipt", "log.receipt", "log.receipt_hint"],
  ["tool", "log.tool", "log.tool_hint"],
  ["report", "log.report", "log.report_hint"],
  ["survey", "log.survey", "log.survey_hint"],
] as const;

export function Log() {
  const receipts = all("receipt").reverse().slice(0, 30);
  return (
    <>
      <Top title={t("log.title")} />
      {WAYS.map(([where, title, hint]) => (
        <a class="card" key={where} href={`#/${where}`} data-testid={`log-${where}`}>
          <p class="title">{t(title)}</p>
          <p class="soft">{t(hint)}</p>
        </a>
      ))}
      <h2>{t("claim.lines")}</h2>
      {receipts.length === 0 && <p class="card empty">{t("receipt.nothing")}</p>}
      {receipts.map((receipt) => (
        <a class="card" key={receipt.id} href={`#/receipt/${receipt.id}`} data-testid="receipt-item">
          <div class="spread">
            <h3>
              {nameOf("receipt", receipt)} · {money(receipt.amount_minor, receipt.currency)}
            </h3>
            <RecordStateBadge state={receipt.$state} />
          </div>
          <p class="soft">{String(receipt.issued_on)}</p>
          <UnreadableBadge receipt={receipt} />
        </a>
      ))}
    </>
  );
}
