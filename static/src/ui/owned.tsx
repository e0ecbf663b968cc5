/** Before a tool is bought or logged: does the company own it already, and where is it? Known without network. */
import { t } from "../i18n";
import { ownedLike, type ToolKind } from "../rules/tool-kinds";
import { labelled, type Unit } from "../rules/tools";
import { all, type Shown } from "../store/view";

export function Owned({ owner, name, model }: { owner: string; name: string; model: string }) {
  const kinds = ownedLike(name, model, all("tool_kind") as (Shown & ToolKind)[]);
  return (
    <div class="apart" role="status">
      {kinds.map((kind) => (
        <section class="hint" key={kind.id} data-testid="owned">
          <p class="title">{t("tool.owned", { name: [kind.name, kind.model].filter(Boolean).join(" ") })}</p>
          <p>
            {t("tool.owned_count", { owned: kind.owned, shelf: kind.on_shelf ?? 0, out: kind.issued ?? 0 })}
          </p>
          {shelvesOf(kind) && <p>{t("tool.owned_where", { shelves: shelvesOf(kind) })}</p>}
          {heldBy(owner, kind).map((unit) => (
            <p key={unit.id}>{t("tool.owned_yours", { label: labelled(unit) })}</p>
          ))}
        </section>
      ))}
      {kinds.length > 0 && <p class="soft">{t("tool.owned_ask")}</p>}
    </div>
  );
}

function shelvesOf({ shelves = [] }: ToolKind): string {
  return shelves
    .filter((place) => place.shelf)
    .map((place) => `${place.shelf} × ${place.quantity}`)
    .join(", ");
}

/** Units of the kind that the technician holds. */
function heldBy(owner: string, kind: ToolKind): Unit[] {
  const units = all("tool_unit") as (Shown & Unit & { kind_key?: string })[];
  return units.filter(
    (unit) => unit.status === "issued" && unit.holder_id === owner && unit.kind_key === kind.key,
  );
}
