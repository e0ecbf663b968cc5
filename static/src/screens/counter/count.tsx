/** Counting a shelf: scan all that lies there; then each difference is settled with a reason. */

import { useState } from "preact/hooks";
import { go } from "../../router";
import { type Difference, findDifferences } from "../../rules/stock-count";
import { normalShelf } from "../../rules/tools";
import { create, save, update } from "../../store/save";
import { all, one } from "../../store/view";
import { wake } from "../../sync/runner";
import { useDraft } from "../../ui/draft";
import { whyNotSaved } from "../../ui/not-saved";
import { Top } from "../../ui/parts";
import { Counted } from "./counted";
import { type Adjustment, DifferenceCard } from "./difference";
import { ShelfField } from "./fields";
import { units } from "./known";
import { w } from "./texts";

interface Form {
  shelf: string;
  counted: string[];
  adjustments: Adjustment[];
  /** All was scanned: what is still missing is a difference now. */
  isScanned: boolean;
}

export function CountScreen({ owner, id }: { owner: string; id: string }) {
  const record = one("stock_count", id);
  const key = `${owner}/count/${id || "new"}`;
  const form = useDraft<Form>(owner, key, {
    shelf: String(record?.shelf ?? ""),
    counted: (record?.counted as string[] | undefined) ?? [],
    adjustments: (record?.adjustments as Adjustment[] | undefined) ?? [],
    isScanned: record?.$state === "attention",
  });
  const [message, setMessage] = useState("");
  const values = form.value;
  if (!values) return null;
  const set = (part: Partial<Form>) => {
    form.value = { ...(form.value ?? values), ...part };
  };
  const shelf = normalShelf(values.shelf);
  const differences = findDifferences(shelf, values.counted, units());
  const chosen = (code: string) => values.adjustments.find((known) => known.code === code);
  const settle = (next: Adjustment) =>
    set({ adjustments: [...values.adjustments.filter((known) => known.code !== next.code), next] });
  const close = async () => {
    const isSettled = ({ code, steps }: Difference) => {
      const made = chosen(code);
      return made && steps.includes(made.step) && made.reason.trim() !== "";
    };
    if (!differences.every(isSettled)) return setMessage(w("count.not_settled"));
    const adjustments = differences.flatMap((item) => chosen(item.code) ?? []);
    const fields = { counted: values.counted, adjustments, status: "closed" };
    const wish = record ? update("stock_count", record, fields) : create("stock_count", { shelf, ...fields });
    try {
      await save(owner, [wish], [], key);
      wake();
      go("tools");
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <>
      <Top title={record ? `${w("count.title")} · ${shelf}` : w("count.title")} back={["tools"]} />
      {!record && <ShelfField value={values.shelf} onValue={(typed) => set({ shelf: typed })} />}
      {!record && !shelf && <p class="soft">{w("count.hint")}</p>}
      {!record && !shelf && <Begun />}
      {shelf && (
        <Counted
          shelf={shelf}
          counted={values.counted}
          differences={differences}
          onCounted={(counted) => set({ counted, isScanned: false })}
        />
      )}
      {shelf && !values.isScanned && (
        <button
          type="button"
          class="primary wide"
          data-testid="count-scanned"
          onClick={() => set({ isScanned: true })}
        >
          {w("count.scanned")}
        </button>
      )}
      {shelf && values.isScanned && (
        <>
          <h2>{w(differences.length > 0 ? "count.differences" : "count.agrees")}</h2>
          {differences.map((item) => (
            <DifferenceCard key={item.code} difference={item} chosen={chosen(item.code)} onSettle={settle} />
          ))}
          {message && (
            <p class="flash" role="alert" data-testid="form-error">
              {message}
            </p>
          )}
          <button type="button" class="primary wide" data-testid="count-close" onClick={() => void close()}>
            {w("count.close")}
          </button>
        </>
      )}
    </>
  );
}

/** Counts that were begun at the desk, or that the server did not accept: they go on here. */
function Begun() {
  const counts = all("stock_count").filter(
    (count) => count.status === "open" || count.$state === "attention",
  );
  return counts.map((count) => (
    <a class="card" key={count.id} href={`#/count/${count.id}`} data-testid="count-item">
      {w("count.begun", { shelf: count.shelf })}
    </a>
  ));
}
