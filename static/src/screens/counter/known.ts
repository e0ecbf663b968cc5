/** What the counter's phone knows: records read as what they are. */
import { computed } from "@preact/signals";
import { localDate } from "../../ids";
import {
  answers,
  countBack,
  dueOn,
  type Issue,
  isOut,
  type Purchase,
  type Unit,
  unitNow,
} from "../../rules/tools";
import { all, one, type Shown } from "../../store/view";

export type ShownPurchase = Shown & Purchase;
export type ShownUnit = Shown &
  Unit & {
    name?: string;
    model?: string;
    condition?: string;
    reason?: string;
    technician_id?: string | null;
  };
export type ShownIssue = Shown & Issue;

export const purchases = () => all("tool_purchase") as ShownPurchase[];
export const purchase = (id: unknown) => one("tool_purchase", String(id)) as ShownPurchase | undefined;
export const issues = () => all("tool_issue") as ShownIssue[];

const lastIssues = computed(() => new Map(issues().map((issue) => [issue.tool_unit_id, issue])));
const everyUnit = computed(() => (all("tool_unit") as ShownUnit[]).map(now));

/** Every unit as it is now, with the check-outs of this phone. */
export const units = () => everyUnit.value;

/** One unit as it is now. */
export function unitOf(id: string): ShownUnit | undefined {
  const unit = one("tool_unit", id) as ShownUnit | undefined;
  return unit && now(unit);
}

function now(unit: ShownUnit): ShownUnit {
  const issue = lastIssues.value.get(unit.id);
  // A check-out that the server did not accept has moved nothing.
  return issue?.$state === "attention" ? unit : unitNow(unit, issue, issue?.$state !== "server");
}

/** The check-out by which a unit is out, if it is. */
export function openIssue(unit_id: string): ShownIssue | undefined {
  return issues().findLast((issue) => issue.tool_unit_id === unit_id && isOut(issue));
}

/** The name of a person, empty where the record has not come yet. */
export function personName(id: unknown): string {
  return String(one("user", String(id ?? ""))?.display_name ?? "");
}

/** A tool's name and model in one line. */
export function toolName(tool: { name?: string; model?: string } | undefined): string {
  return [tool?.name, tool?.model].filter(Boolean).join(" ");
}

/** What a unit is called: by its own name, or by its purchase's while only this phone knows it. */
export function toolOf(unit: ShownUnit): string {
  return toolName(unit.name ? unit : purchase(unit.tool_purchase_id));
}

/** The shelves that units stand on, in their order. */
export function shelves(): string[] {
  return [...new Set(units().flatMap((item) => item.shelf || []))].sort();
}

export interface Expected {
  purchase: ShownPurchase;
  back: number;
  technician: string;
  due_on: string;
  isOverdue: boolean;
}

/** Purchases with units on the road, overdue first, then by technician. */
export function expectedBack(today: string = localDate()): Expected[] {
  const known = units().filter(answers);
  const items = purchases().flatMap((item) => {
    const back = countBack(item, known);
    if (back >= item.quantity) return [];
    const stops = (one("trip", item.trip_id)?.stops as { leave_on: string }[] | undefined) ?? [];
    const due_on = dueOn(stops);
    const isOverdue = due_on !== "" && due_on < today;
    return [{ purchase: item, back, technician: personName(item.technician_id), due_on, isOverdue }];
  });
  return items.sort(
    (a, b) =>
      Number(b.isOverdue) - Number(a.isOverdue) ||
      a.technician.localeCompare(b.technician) ||
      (a.due_on < b.due_on ? -1 : 1),
  );
}

/** Check-outs whose tool is still out, those due first at the top. */
export function stillOut(): ShownIssue[] {
  return issues()
    .filter(isOut)
    .sort((a, b) => (a.due_on < b.due_on ? -1 : 1));
}
