/** Asking for a waiver (REG-A12, REG-D3), as `server/claims/rules/waiving.py` has it. */

export interface Waiver {
  finding_code: string;
  /** Empty while the request is on this phone only. */
  status?: string;
  valid_until?: string;
}

interface Judged {
  status?: unknown;
  findings?: { code: string; severity?: string; waived?: boolean }[];
}

const WAITS = new Set<unknown>(["blocked", "needs_review", "clear"]);
const SOON_DAYS = 3;
const DAY = 24 * 60 * 60 * 1000;

/** Whether the claimant may ask for a finding of a line: it stands in the way, or its waiver is about to end. */
export function mayAsk(code: string, line: Judged, waivers: Waiver[], day: string): boolean {
  const mine = waivers.filter((waiver) => waiver.finding_code === code);
  if (!WAITS.has(line.status) || mine.some(isOpen)) return false;
  const found = (line.findings ?? []).filter((item) => item.code === code && item.severity !== "info");
  if (found.some((item) => !item.waived)) return true;
  return found.length > 0 && mine.some((waiver) => endsSoon(waiver, day));
}

/** Whether nobody has decided on it yet. */
export function isOpen(waiver: Waiver): boolean {
  return (waiver.status ?? "asked") === "asked";
}

/** Whether it is given and one of its last days has come. */
export function endsSoon({ status, valid_until }: Waiver, day: string): boolean {
  if (status !== "given" || !valid_until || valid_until < day) return false;
  return Date.parse(valid_until) - Date.parse(day) <= SOON_DAYS * DAY;
}
