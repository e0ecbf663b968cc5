/** Which notices there are for whom, and where one leads on the phone. */

const KINDS = [
  "claim_returned",
  "line_clear",
  "line_refused",
  "claim_paid",
  "account_unconfirmed",
  "account_confirmed",
  "commented",
  "mentioned",
  "tool_due",
  "tool_overdue",
  "waiver_given",
  "waiver_refused",
  "waiver_taken_back",
  "waiver_ends_soon",
  "waiver_expired",
];

/** The kinds of notices that somebody of the role may get. */
export function kindsFor(role: string | undefined): string[] {
  if (role === "technician") return KINDS;
  return role === "warehouse" ? ["mentioned", "tool_overdue"] : ["mentioned"];
}

/** The route of what a notice tells of, for somebody of that role; null where their phone does not have it. */
export function placeOf(
  { target_entity, target_id }: { target_entity?: unknown; target_id?: unknown },
  role: string | undefined,
  isKnown: (entity: string, id: string) => boolean,
): string[] | null {
  const [entity, id] = [String(target_entity), String(target_id)];
  if (entity === "tool_unit" && role === "technician") return ["today"];
  if (!isKnown(entity, id)) return null;
  if (entity === "bank_account") return ["settings"];
  if (entity === "claim" && role === "technician") return ["claim", id];
  if (entity === "tool_unit" && role === "warehouse") return ["unit", id];
  return null;
}
