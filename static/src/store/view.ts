/** What screens show: the server's records with the outbox laid over them, and each record's state derived from it. */

import { signal } from "@preact/signals";
import { liveQuery } from "dexie";
import { db, type Fields, type StoredChange, type StoredFile, type StoredRecord } from "./db";

export type RecordState = "phone" | "sending" | "server" | "attention";

/** A record as the person sees it. */
export interface Shown extends Fields {
  id: string;
  version: number;
  $state: RecordState;
}

export interface World {
  owner: string;
  /** The store was read: what is not here is not on this phone. */
  isRead: boolean;
  /** The server's records have all been brought at least once, and no fresh start is under way. */
  isWhole: boolean;
  entities: Map<string, Map<string, Shown>>;
  changes: StoredChange[];
  files: Map<string, StoredFile>;
}

const nothing = (owner: string): World => ({
  owner,
  isRead: false,
  isWhole: false,
  entities: new Map(),
  changes: [],
  files: new Map(),
});

/** Everything that the signed-in person has on this phone. Follows the store, over all tabs. */
export const world = signal<World>(nothing(""));
/** Changes that are on their way at this moment. */
export const sending = signal<ReadonlySet<string>>(new Set());

/** Starts following the owner's part of the store. Gives the way to stop. */
export function watch(owner: string): () => void {
  world.value = nothing(owner);
  const subscription = liveQuery(async () => {
    const [place, records, changes, files] = await Promise.all([
      db.meta.get(`place/${owner}`),
      db.records.where({ owner }).toArray(),
      db.changes.where({ owner }).sortBy("order"),
      db.files.where({ owner }).toArray(),
    ]);
    const round = (place?.value as { round?: string } | undefined)?.round;
    return { isWhole: round === "", records, changes, files };
  }).subscribe({
    next: ({ isWhole, records, changes, files }) => {
      world.value = {
        owner,
        isRead: true,
        isWhole,
        entities: overlay(records, changes),
        changes,
        files: new Map(files.map((file) => [file.sha256, file])),
      };
    },
  });
  return () => subscription.unsubscribe();
}

/** The records of one kind, oldest first (ids carry their time). */
export function all(entity: string): Shown[] {
  return [...(world.value.entities.get(entity)?.values() ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** One record, if it is known here. */
export function one(entity: string, id: string | null | undefined): Shown | undefined {
  return id ? world.value.entities.get(entity)?.get(id) : undefined;
}

/** Lays changes over records: those not yet answered, and those answered that the pull has not brought back yet. */
export function overlay(records: StoredRecord[], changes: StoredChange[]): Map<string, Map<string, Shown>> {
  const entities = new Map<string, Map<string, Shown>>();
  const place = (entity: string) => {
    const known = entities.get(entity) ?? new Map<string, Shown>();
    entities.set(entity, known);
    return known;
  };
  for (const stored of records) {
    const shown: Shown = { ...stored.record, id: stored.id, version: stored.version, $state: "server" };
    place(stored.entity).set(stored.id, shown);
  }
  for (const change of changes) {
    const known = place(change.entity);
    const before = known.get(change.record_id);
    if (change.state === "done" && change.settled) continue;
    if (change.op === "delete") {
      known.delete(change.record_id);
      continue;
    }
    known.set(change.record_id, {
      ...before,
      ...change.fields,
      id: change.record_id,
      version: before?.version ?? 0,
      $state: worse(before?.$state ?? "server", stateOf(change)),
    });
  }
  return entities;
}

/** A change's state in the person's words. */
export function stateOf(change: StoredChange): RecordState {
  if (change.state === "rejected" || change.state === "conflict") return "attention";
  if (change.state === "done") return "server";
  return sending.value.has(change.change_id) ? "sending" : "phone";
}

const RANK: RecordState[] = ["server", "sending", "phone", "attention"];

function worse(a: RecordState, b: RecordState): RecordState {
  return RANK.indexOf(a) > RANK.indexOf(b) ? a : b;
}
