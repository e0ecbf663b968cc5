/** What the server read off a saved receipt's documents, beside what was typed, and what to do about it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { language, money, say, t } from "../i18n";
import { placeName } from "../rules/divisions";
import {
  type Difference,
  differences,
  type Evidence,
  type Leg,
  readFacts,
  readLegs,
  readPlaces,
  sureness,
  type Typed,
} from "../rules/reading";
import { all, type Shown } from "../store/view";
import { session } from "../sync/session";
import { type FindingLike, typedOf } from "./parts";

interface Props {
  receipt: Shown;
  typed: Typed;
  onTake: (difference: Difference) => void;
}

/** The facts in the order in which a person looks for them on an invoice. */
const ROWS = [
  "fapiao_number",
  "fapiao_code",
  "issued_on",
  "amount_total",
  "seller_name",
  "seller_tax_id",
  "buyer_name",
  "buyer_tax_id",
  "passenger",
];
const FIELD_OF: Record<string, keyof Typed> = { amount_total: "amount_minor" };

export function ReadFromDocument({ receipt, typed, onTake }: Props) {
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const evidence = (receipt.evidence as Evidence[] | null | undefined) ?? [];
  const facts = readFacts(evidence);
  const differing = new Map(differences(typed, evidence).map((item) => [item.field, item]));
  const legs = readLegs(evidence);
  const places = readPlaces(evidence);
  const take = (chosen: Difference[]) => {
    for (const difference of chosen) onTake(difference);
    setTaken(new Set([...taken, ...chosen.map(({ read }) => read.kind)]));
  };
  const empty = [...differing.values()].filter(({ field }) => !typed[field]);
  const hints = hintsOf(receipt, typed, [...differing.values()]);
  const travelled = legs.length === 0 ? facts.get("travel_on") : undefined;
  const kinds = facts.has("amount_total") ? ROWS : [...ROWS, "amount_net"];
  const rows = kinds.flatMap((kind) => facts.get(kind) ?? []);
  if (travelled) rows.push(travelled);
  const isEmpty = rows.length + legs.length + places.length === 0;
  if (isEmpty && hints.length === 0) return null;
  return (
    <section data-testid="reading">
      <h2 id="reading">{t("reading.title")}</h2>
      {hints.map((hint) => (
        <p class="hint" key={hint.code} data-testid={`reading-${hint.code}`}>
          {hint.text}
        </p>
      ))}
      {empty.length > 1 && (
        <p>
          <button type="button" class="wide" data-testid="take-empty" onClick={() => take(empty)}>
            {t("reading.take_empty")}
          </button>
        </p>
      )}
      {!isEmpty && (
        <table class="read" aria-labelledby="reading">
          <tbody>
            {rows.map((item) => {
              const difference = differing.get(FIELD_OF[item.kind] ?? (item.kind as keyof Typed));
              return (
                <Row key={item.kind} name={item.kind} values={[shown(item)]} from={item}>
                  {difference && (
                    <Differs difference={difference} typed={typed} onTake={() => take([difference])} />
                  )}
                  {!difference && taken.has(item.kind) && <Taken />}
                </Row>
              );
            })}
            {legs.length > 0 && <Row name="journey" values={legs.map(legText)} from={legSource(evidence)} />}
            {places.map((item) => (
              <Row
                key={item.kind + item.division}
                name={item.kind}
                values={[placeName(String(item.division), language.value)]}
                detail={placeDetail(item)}
                from={item}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface RowProps {
  name: string;
  values: string[];
  detail?: string;
  from: Evidence | undefined;
  children?: ComponentChildren;
}

function Row({ name, values, detail, from, children }: RowProps) {
  return (
    <tr data-testid={`read-${name}`}>
      <th scope="row">{say(`fact.${name}`)}</th>
      <td>
        {values.map((value) => (
          <span class="value" key={value}>
            {value}
          </span>
        ))}
        {detail && <span>{detail}</span>}
        {from && <span class="soft small">{sourceText(from)}</span>}
        {children}
      </td>
    </tr>
  );
}

interface DiffersProps {
  difference: Difference;
  typed: Typed;
  onTake: () => void;
}

function Differs({ difference, typed, onTake }: DiffersProps) {
  const value = typedText(typed[difference.field]);
  const name = say(`fact.${difference.read.kind}`);
  return (
    <span class="differs" data-testid="differs">
      <span>
        <b aria-hidden="true">≠ </b>
        {value ? t("reading.typed", { value }) : t("reading.not_typed")}
      </span>
      <button
        type="button"
        aria-label={t("reading.take_what", { name })}
        data-testid="take-over"
        onClick={onTake}
      >
        {t("reading.take")}
      </button>
    </span>
  );
}

/** Stands where the button was, and takes its focus. */
function Taken() {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => place.current?.focus(), []);
  return (
    <span class="taken" role="status" tabIndex={-1} ref={place} data-testid="reading-taken">
      <span aria-hidden="true">✓ </span>
      {t("reading.taken")}
    </span>
  );
}

/** A small word in lists for a receipt whose documents no machine could read. */
export function UnreadableBadge({ receipt }: { receipt: Shown | undefined }) {
  if (receipt?.reading_status !== "unreadable") return null;
  return (
    <span class="state long warn" data-testid="unreadable">
      <span aria-hidden="true">?</span>
      {t("reading.unreadable_short")}
    </span>
  );
}

interface Hint {
  code: string;
  text: string;
}

function hintsOf(receipt: Shown, typed: Typed, differing: Difference[]): Hint[] {
  const hints: Hint[] = [];
  const isHere = receipt.version === 0 && receipt.$state !== "server";
  const hasFiles = ((receipt.attachments as string[] | undefined) ?? []).length > 0;
  if (receipt.reading_status === "unreadable") {
    hints.push({ code: "unreadable", text: t("reading.unreadable") });
  } else if (hasFiles && receipt.reading_status !== "read") {
    hints.push({
      code: "pending",
      text: t(isHere ? "reading.pending_unsent" : "reading.pending"),
    });
  }
  if (differing.some(({ field, read }) => read.source === "qr" && typed[field] !== "")) {
    hints.push({ code: "qr_differs", text: t("reading.qr_differs") });
  }
  if (differing.some(({ field, read }) => field === "amount_minor" && read.source !== "qr")) {
    hints.push({ code: "amount_differs", text: t("reading.amount_differs") });
  }
  if (isForAnotherBuyer(receipt)) {
    const { name = "", tax_id = "" } = session.value?.company ?? {};
    hints.push({ code: "buyer", text: t("reading.buyer", { name, tax_id }) });
  }
  return hints;
}

function isForAnotherBuyer(receipt: Shown): boolean {
  return all("claim_line")
    .filter((line) => line.receipt_id === receipt.id)
    .flatMap((line) => (line.findings as FindingLike[] | undefined) ?? [])
    .some((finding) => finding.code === "buyer_not_company" && !finding.waived);
}

function shown(item: Evidence): string {
  return item.kind.startsWith("amount_") ? money(item.value) : item.value;
}

function typedText(value: string | number | null): string {
  return typeof value === "number" ? typedOf(value) : (value ?? "");
}

function legText({ departure, destination, travel_on }: Leg): string {
  return [`${departure || "?"} → ${destination || "?"}`, travel_on].filter(Boolean).join(" · ");
}

function legSource(evidence: Evidence[]): Evidence | undefined {
  return evidence.find((item) => item.kind === "departure" || item.kind === "destination");
}

/** What stood on the document, where that says more of a place than its name. */
function placeDetail({ value, kind }: Evidence): string {
  return kind === "service_place" || kind === "seller_address" || kind === "reviewer" ? value : "";
}

/** From where, and how sure: "QR code · sure". What finance read is finance's word. */
function sourceText(item: Evidence): string {
  if (item.kind === "reviewer") return say("source.reviewer");
  return `${say(`source.${item.source}`)} · ${say(`sureness.${sureness(item)}`)}`;
}
