/** Everything the phone can say about a receipt without network, before the technician leaves the shop. */
import { creditCodeError, normal, parseFapiao } from "./fapiao";
import type { TripPlaces } from "./journey";
import { identityOf, placeWarnings, type ReceiptFacts, type Stop, type Warning } from "./place";
import { type FapiaoQr, mayBeTotal, NET_TYPES, parseQr, RAIL, TOTAL_TYPES } from "./qr";

const LOCAL_DAYS = 1;
const TRANSPORT_DAYS = 3;
const RAIL_DAYS = 180;

/** The warnings for a receipt of a trip; `others` are the receipts that this phone knows. */
export function receiptWarnings(
  receipt: ReceiptFacts,
  trip: TripPlaces,
  others: Pick<ReceiptFacts, "fapiao_code" | "fapiao_number" | "issued_on">[],
): Warning[] {
  return [
    ...numberWarnings(receipt),
    ...duplicateWarnings(receipt, others),
    ...placeWarnings(receipt, trip),
    ...dateWarnings(receipt, trip.stops),
  ];
}

/** Outside the days of the trip, with some tolerance for the ways out and back (REG-D3). */
export function dateWarnings(
  receipt: Pick<ReceiptFacts, "category" | "issued_on" | "qr_text">,
  stops: Stop[],
): Warning[] {
  const from = stops.map((stop) => stop.arrive_on).sort()[0];
  const to = stops
    .map((stop) => stop.leave_on)
    .sort()
    .at(-1);
  if (!from || !to || !receipt.issued_on) return [];
  const isTransport = receipt.category === "transport";
  const spare = isTransport ? TRANSPORT_DAYS : LOCAL_DAYS;
  if (days(from, receipt.issued_on) >= -spare && days(to, receipt.issued_on) <= spare) return [];
  const params = { issued_on: receipt.issued_on, from, to };
  const after = days(to, receipt.issued_on);
  const isRail = isTransport && parseQr(receipt.qr_text)?.type === RAIL;
  const code = isRail && after > 0 && after <= RAIL_DAYS ? "ticket_issued_late" : "outside_trip_dates";
  return [{ code, params }];
}

function numberWarnings(receipt: ReceiptFacts): Warning[] {
  const found: Warning[] = [];
  const { fapiao_code, fapiao_number, seller_tax_id } = receipt;
  if ((fapiao_code || fapiao_number) && !parseFapiao(fapiao_code, fapiao_number)) {
    const isCode = fapiao_code !== "" && normal(fapiao_number).length === 8;
    const value = isCode ? fapiao_code : fapiao_number;
    found.push({ code: isCode ? "fapiao_code_invalid" : "fapiao_number_invalid", params: { value } });
  }
  if (seller_tax_id && creditCodeError(seller_tax_id)) {
    found.push({ code: "seller_tax_id_invalid", params: {} });
  }
  const qr = parseQr(receipt.qr_text);
  const fields = qr ? differences(receipt, qr) : [];
  if (fields.length > 0) found.push({ code: "qr_contradicts_typed", params: { fields } });
  return found;
}

function duplicateWarnings(
  receipt: ReceiptFacts,
  others: Pick<ReceiptFacts, "fapiao_code" | "fapiao_number" | "issued_on">[],
): Warning[] {
  const identity = identityOf(receipt);
  const twin = identity ? others.find((other) => identityOf(other) === identity) : undefined;
  return twin ? [{ code: "receipt_duplicate", params: { issued_on: twin.issued_on } }] : [];
}

function differences(receipt: ReceiptFacts, qr: FapiaoQr): string[] {
  const amount = qr.amount_minor;
  const isTotal = TOTAL_TYPES.has(qr.type) && amount !== null && amount !== receipt.amount_minor;
  const isNet = NET_TYPES.has(qr.type) && amount !== null && !mayBeTotal(receipt.amount_minor, amount);
  const differs = {
    fapiao_code: normal(receipt.fapiao_code) !== qr.code,
    fapiao_number: normal(receipt.fapiao_number) !== qr.number,
    issued_on: receipt.issued_on !== qr.issued_on,
    amount_minor: isTotal || isNet,
  };
  return Object.entries(differs).flatMap(([name, is]) => (is ? [name] : []));
}

function days(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
