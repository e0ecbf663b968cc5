/** What do I do now, and is my work safe? */
import { language, say, t } from "../i18n";
import { placeName } from "../rules/divisions";
import type { Stop } from "../rules/place";
import { save, update } from "../store/save";
import { all, one, type Shown, world } from "../store/view";
import { wake } from "../sync/runner";
import { Bell } from "../ui/bell";
import { lazy } from "../ui/lazy";
import { SyncLine } from "../ui/line";
import { LossNotice } from "../ui/loss";
import { RecordStateBadge, Status, Top } from "../ui/parts";
import { Shared, ShareProblem } from "../ui/shared";

const ToolsOut = lazy(async () => (await import("./tools-out")).ToolsOut);

const STEPS = ["planned", "accepted", "travelling", "on_site", "done"];

export function Today({ owner }: { owner: string }) {
  const trips = all("trip").filter((trip) => trip.status !== "cancelled" && trip.status !== "finished");
  const orders = all("work_order").filter((order) => order.status !== "done" && order.status !== "cancelled");
  return (
    <>
      <Top title={t("today.title")}>
        <Bell />
      </Top>
      <SyncLine />
      <LossNotice />
      <ShareProblem />
      <Shared owner={owner} canUse />
      <h2>{t("today.trips")}</h2>
      {trips.length === 0 && (
        <p class="card empty">{t(world.value.isWhole ? "today.no_trips" : "today.coming")}</p>
      )}
      {trips.reverse().map((trip) => (
        <Trip key={trip.id} trip={trip} />
      ))}
      {orders.length > 0 && <h2>{t("today.orders")}</h2>}
      {orders.map((order) => (
        <Order key={order.id} owner={owner} order={order} />
      ))}
      <ToolsOut owner={owner} />
    </>
  );
}

function Trip({ trip }: { trip: Shown }) {
  const stops = (trip.stops as Stop[]) ?? [];
  return (
    <article class="card" data-testid="trip">
      <h3>{String(trip.purpose)}</h3>
      {stops.map((stop) => (
        <p class="soft" key={stop.arrive_on + stop.division_code}>
          {placeName(stop.division_code, language.value)} · {stop.arrive_on} – {stop.leave_on}
        </p>
      ))}
    </article>
  );
}

function Order({ owner, order }: { owner: string; order: Shown }) {
  const site = one("site", order.site_id as string);
  const customer = one("customer", order.customer_id as string);
  const next = STEPS[STEPS.indexOf(String(order.status)) + 1];
  const step = async () => {
    if (!next) return;
    await save(owner, [update("work_order", order, { status: next })]);
    wake();
  };
  return (
    <article class="card" data-testid="work-order">
      <div class="spread">
        <h3>
          {String(order.number)} · {String(order.problem)}
        </h3>
        <Status status={order.status} />
      </div>
      <p class="soft">
        {String(customer?.name ?? "")} {String(site?.name ?? "")} {String(site?.address ?? "")}
      </p>
      <div class="row">
        {next && (
          <button type="button" class="grow" data-testid="order-step" onClick={() => void step()}>
            {t("today.next", { step: say(`status.${next}`) })}
          </button>
        )}
        <a class="button grow" href={`#/report/${order.id}`} data-testid="order-report">
          {t("log.report")}
        </a>
      </div>
      {order.$state !== "server" && <RecordStateBadge state={order.$state} />}
    </article>
  );
}
