/** Sending the outbox: in its order, in batches; a change that needs the person never holds up the others. */
import { db, type Fields, type StoredChange } from "../store/db";
import { sending } from "../store/view";
import { call, Refusal } from "./api";
import { session, withToken } from "./session";

const BATCH = 100;
const BATCH_BYTES = 700_000;

export interface Stand {
  epoch: string;
  durable_seq: number;
}

export interface Verdict {
  change_id: string;
  status: "applied" | "merged" | "duplicate" | "conflict" | "rejected" | "held";
  first?: string;
  version?: number;
  seq?: number;
  record?: Fields;
  code?: string;
  errors?: Record<string, string[]>;
  params?: Record<string, unknown>;
}

/** A change over which the server fails: it is put aside when others went through, for then the server is well. */
interface Broken {
  change: StoredChange;
  error: Refusal;
}

/** Sends everything that may go. Gives where the server stands, or null where there was nothing to send. */
export async function push(owner: string, epoch: string): Promise<Stand | null> {
  let stand: Stand | null = null;
  const tried = new Set<string>();
  const broken: Broken[] = [];
  for (;;) {
    const batch = nextBatch(await db.changes.where({ owner }).sortBy("order"), tried);
    if (batch.length === 0) break;
    for (const change of batch) tried.add(change.change_id);
    stand = (await sendOrHalve(batch, epoch, broken)) ?? stand;
  }
  if (broken[0] && !stand) throw broken[0].error;
  for (const { change, error } of broken) {
    if (change.order !== undefined)
      await db.changes.update(change.order, { state: "rejected", code: error.code });
  }
  return stand;
}

/** Sends a batch; where the server fails over it, its halves, so that one change never holds up the others. */
async function sendOrHalve(batch: StoredChange[], epoch: string, broken: Broken[]): Promise<Stand | null> {
  try {
    return await send(batch, epoch);
  } catch (error) {
    if (!(error instanceof Refusal) || (error.status !== 500 && error.status !== 413)) throw error;
    const [change] = batch;
    if (batch.length === 1 && change) {
      broken.push({ change, error });
      return null;
    }
    const middle = batch.length >> 1;
    const first = await sendOrHalve(batch.slice(0, middle), epoch, broken);
    return (await sendOrHalve(batch.slice(middle), epoch, broken)) ?? first;
  }
}

/** The changes that may go now: none that comes behind one of the same record which needs the person. */
export function nextBatch(changes: StoredChange[], tried: ReadonlySet<string> = new Set()): StoredChange[] {
  const stopped = new Set<string>();
  const batch: StoredChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    const lane = `${change.entity}/${change.record_id}`;
    if (change.state === "rejected" || change.state === "conflict") stopped.add(lane);
    if (change.state !== "waiting" || stopped.has(lane) || tried.has(change.change_id)) continue;
    const size = JSON.stringify(wire(change)).length;
    if (batch.length === BATCH || (batch.length > 0 && bytes + size > BATCH_BYTES)) break;
    batch.push(change);
    bytes += size;
  }
  return batch;
}

async function send(batch: StoredChange[], epoch: string): Promise<Stand> {
  const ids = new Set(batch.map((change) => change.change_id));
  sending.value = ids;
  try {
    const body = { device_id: session.value?.device_id, epoch, changes: batch.map(wire) };
    const answer = await withToken((token) =>
      call<Stand & { verdicts: Verdict[] }>("/api/sync/push", body, token),
    );
    await takeVerdicts(batch, answer.verdicts);
    return answer;
  } finally {
    sending.value = new Set();
  }
}

/** Writes what became of each change. Held ones keep waiting: nothing is wrong with them. */
export async function takeVerdicts(batch: StoredChange[], verdicts: Verdict[]): Promise<void> {
  const by = new Map(verdicts.map((verdict) => [verdict.change_id, verdict]));
  await db.transaction("rw", db.changes, async () => {
    for (const change of batch) {
      const verdict = by.get(change.change_id);
      if (!verdict || change.order === undefined) continue;
      if (isForgotten(change, verdict)) await db.changes.delete(change.order);
      else await db.changes.update(change.order, outcome(verdict));
    }
  });
}

/** Whether a notice was marked as read that the server no longer has: nobody need be told, and nothing waits. */
function isForgotten({ entity }: StoredChange, { code }: Verdict): boolean {
  return entity === "notice" && (code === "record_deleted" || code === "record_unknown");
}

function outcome(verdict: Verdict): Partial<StoredChange> {
  const { status, version, seq, code = "", errors = {}, params = {}, record } = verdict;
  if (status === "applied" || status === "merged" || status === "duplicate") {
    return { state: "done", version: version ?? 0, seq: seq ?? 0, settled: false, code: "", errors: {} };
  }
  if (status === "held") return { code, errors };
  const refused = { code, errors, params };
  return record ? { state: status, ...refused, theirs: record } : { state: status, ...refused };
}

function wire(change: StoredChange) {
  const { change_id, entity, record_id, op, fields, base, base_version, made_at } = change;
  return { change_id, entity, record_id, op, fields, base, base_version, made_at };
}
