/** Checking tools out to a technician, for a trip, with the day they are due back. */

import { useEffect, useState } from "preact/hooks";
import { say } from "../../i18n";
import { localDate } from "../../ids";
import { go } from "../../router";
import { dayAfter, findTools, issueWarnings, labelled } from "../../rules/tools";
import { create, save } from "../../store/save";
import { all, one } from "../../store/view";
import { wake } from "../../sync/runner";
import { useDraft } from "../../ui/draft";
import { whyNotSaved } from "../../ui/not-saved";
import { Choice, Field, Top } from "../../ui/parts";
import { Warnings } from "./fields";
import { personName, toolOf, unitOf, units } from "./known";
import { Scanner } from "./scanner";
import { w } from "./texts";

const USUAL_DAYS = 14;
const EMPTY = { units: [] as string[], technician_id: "", trip_id: "", due_on: "" };

export function IssueScreen({ owner, id }: { owner: string; id: string }) {
  const key = `${owner}/issue/new`;
  const form = useDraft(owner, key, EMPTY);
  const [message, setMessage] = useState("");
  const [missed, setMissed] = useState("");
  const isRead = form.value !== null;
  useEffect(() => {
    if (isRead && id) add(id);
  }, [isRead, id]);
  const values = form.value;
  if (!values) return null;
  const set = (part: Partial<typeof EMPTY>) => {
    form.value = { ...values, ...part };
  };
  const add = (unit_id: string) => {
    const now = form.value ?? values;
    if (!now.units.includes(unit_id)) form.value = { ...now, units: [...now.units, unit_id] };
  };
  const take = (code: string) => {
    const [hit] = findTools(code, units(), [], personName).units;
    setMissed(hit ? "" : code);
    if (hit) add(hit.id);
  };
  const chosen = values.units.flatMap((unit_id) => unitOf(unit_id) ?? []);
  const technicians = all("user").filter((user) => user.role === "technician" && user.status === "active");
  const trips = all("trip").filter(
    (trip) =>
      trip.technician_id === values.technician_id &&
      trip.status !== "cancelled" &&
      trip.status !== "finished",
  );
  const due_on = values.due_on || dayAfter(lastDay(values.trip_id) || localDate(), USUAL_DAYS);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (chosen.length === 0) return setMessage(w("issue.nothing"));
    if (!values.technician_id) return setMessage(`${say("field.technician_id")}: ${say("error.required")}`);
    const { technician_id, trip_id } = values;
    const fields = { technician_id, due_on, ...(trip_id ? { trip_id } : {}) };
    try {
      await save(
        owner,
        chosen.map((unit) => create("tool_issue", { tool_unit_id: unit.id, ...fields })),
        [],
        key,
      );
      wake();
      go("counter");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Top title={w("issue.title")} back={["tools"]} />
      <Scanner label={w("issue.scan")} onCode={take} />
      {missed && (
        <p class="flash" role="alert">
          {w("counter.not_found", { code: missed })}
        </p>
      )}
      {chosen.map((unit) => (
        <div class="card spread" key={unit.id} data-testid="issue-unit">
          <p class="title name">
            {labelled(unit)} · {toolOf(unit)}
          </p>
          <button
            type="button"
            class="plain"
            aria-label={`${w("stock.remove")}: ${labelled(unit)}`}
            onClick={() => set({ units: values.units.filter((known) => known !== unit.id) })}
          >
            {w("stock.remove")}
          </button>
        </div>
      ))}
      <Warnings warnings={issueWarnings(chosen, localDate())} />
      <Choice
        label={say("field.technician_id")}
        name="technician"
        value={values.technician_id}
        options={[
          ["", w("issue.choose")],
          ...technicians.map((user) => [user.id, String(user.display_name)] as [string, string]),
        ]}
        onValue={(technician_id) => set({ technician_id, trip_id: "", due_on: "" })}
      />
      <Choice
        label={say("field.trip_id")}
        name="trip"
        value={values.trip_id}
        options={[
          ["", w("issue.no_trip")],
          ...trips.map((trip) => [trip.id, String(trip.purpose)] as [string, string]),
        ]}
        onValue={(trip_id) => set({ trip_id, due_on: "" })}
      />
      <Field
        label={say("field.due_on")}
        name="due_on"
        type="date"
        required
        value={due_on}
        onValue={(day) => set({ due_on: day })}
      />
      {message && (
        <p class="flash" role="alert" data-testid="form-error">
          {message}
        </p>
      )}
      <button type="submit" class="primary wide" data-testid="issue-save">
        {chosen.length > 1 ? w("issue.save_many", { count: chosen.length }) : w("issue.save_one")}
      </button>
    </form>
  );
}

/** The last day of a trip; empty where there is none. */
function lastDay(trip_id: string): string {
  const stops = (one("trip", trip_id)?.stops as { leave_on: string }[] | undefined) ?? [];
  return (
    stops
      .map((stop) => stop.leave_on)
      .sort()
      .at(-1) ?? ""
  );
}
