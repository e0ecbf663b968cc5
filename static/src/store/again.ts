/** Sending once more what the server refused: as a new change, for the old one was answered. */
import { newId, nowUtc } from "../ids";
import { db, type StoredChange } from "./db";

/** What makes a change a new one that waits. */
function afresh() {
  const answer = { state: "waiting" as const, code: "", errors: {}, params: {} };
  return { change_id: newId(), made_at: nowUtc(), ...answer };
}

/** Sends a refused change once more, in its place. Nothing happens where another tab has sent or dropped it already. */
export async function sendAgain(change: StoredChange, altered: Partial<StoredChange> = {}): Promise<void> {
  await db.changes.where({ change_id: change.change_id }).modify({ ...altered, ...afresh() });
}

/** Drops a refused change, unless another tab has sent it once more. */
export async function drop(change: StoredChange): Promise<void> {
  await db.changes.where({ change_id: change.change_id }).delete();
}

/**
 * Claims an allowance again once its days are others: its refused line goes behind them, and what was refused of its
 * claim behind the line. Where the claim has gone without it, the line is given up, so that a new claim can take the
 * allowance: true then. A line that waited for its refused allowance goes by itself, and only its claim goes again.
 */
export async function claimAgain(owner: string, receipt_id: string, amount_minor: number): Promise<boolean> {
  return db.transaction("rw", db.changes, async () => {
    const all = await db.changes.where({ owner }).sortBy("order");
    const open = all.filter((change) => change.state !== "done");
    const line = open.find(
      ({ entity, op, fields }) =>
        entity === "claim_line" && op === "create" && fields.receipt_id === receipt_id,
    );
    if (!line) return false;
    const claim = open.filter((item) => item.entity === "claim" && item.record_id === line.fields.claim_id);
    const refused = claim.filter((change) => change.state === "rejected");
    if (line.state !== "rejected") {
      for (const change of refused) await sendAgain(change);
      return false;
    }
    if (claim.length === 0) {
      await drop(line);
      return true;
    }
    await sendBehind({ ...line, fields: { ...line.fields, amount_minor } });
    for (const change of refused) await sendBehind(change);
    return false;
  });
}

/** Sends a refused change behind everything that was saved since. */
async function sendBehind({ order, ...change }: StoredChange): Promise<void> {
  if (order === undefined) return;
  await db.changes.delete(order);
  await db.changes.add({ ...change, ...afresh() });
}
