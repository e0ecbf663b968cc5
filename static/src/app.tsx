/** The application: who is here, where they are, and the bar at the bottom. */
import { useEffect } from "preact/hooks";
import { say, t } from "./i18n";
import type { TextKey } from "./i18n/texts";
import { route } from "./router";
import { Log } from "./screens/log";
import { Login } from "./screens/login";
import { ReceiptScreen } from "./screens/receipt";
import { Today } from "./screens/today";
import { noteUnsent } from "./store/mark";
import { one, watch, world } from "./store/view";
import { keepAlerts } from "./sync/alerts";
import { wake } from "./sync/runner";
import { session } from "./sync/session";
import { lazy } from "./ui/lazy";
import { counts } from "./ui/line";
import { Top } from "./ui/parts";
import { Shared } from "./ui/shared";
import { isUpdateReady, takeUpdate } from "./update";

const DESKS: Record<string, string> = {
  dispatcher: "/dispatch/",
  finance: "/finance/",
  manager: "/finance/",
  admin: "/admin/",
};

export function App() {
  const here = session.value;
  if (here === undefined) return null;
  if (here === null) return <Login />;
  const { id, role } = here.user;
  if (role !== "technician" && role !== "warehouse") return <DeskOnly owner={id} role={role} />;
  if (here.ended && route.value[0] === "login") return <Login />;
  return <Signed key={id} owner={id} role={role} />;
}

function Signed({ owner, role }: { owner: string; role: Role }) {
  useEffect(() => {
    const stop = watch(owner);
    wake();
    void keepAlerts(owner).catch(() => undefined); // without network: at the next start
    return stop;
  }, [owner]);
  const { unsent, attention } = counts();
  const device = session.value?.device_id ?? "";
  useEffect(() => {
    if (world.value.isRead) void noteUnsent(unsent + attention, device);
  }, [unsent, attention, device]);
  if (world.value.owner !== owner || !world.value.isRead) return null;
  return (
    <>
      <main id="main" tabIndex={-1} data-screen={route.value[0]}>
        {role === "warehouse" ? <WarehouseScreen owner={owner} /> : <Screen owner={owner} />}
      </main>
      {isUpdateReady.value && (
        <button type="button" class="primary update" data-testid="update" onClick={() => void takeUpdate()}>
          {t("app.update")}
        </button>
      )}
      <Bottom role={role} />
    </>
  );
}

/** What is not needed at once comes later: reports bring the signature pad with them. */
const Claims = lazy(async () => (await import("./screens/claims")).Claims);
const ClaimScreen = lazy(async () => (await import("./screens/claims")).ClaimScreen);
const NewClaim = lazy(async () => (await import("./screens/claims")).NewClaim);
const Outbox = lazy(async () => (await import("./screens/outbox")).Outbox);
const Settings = lazy(async () => (await import("./screens/settings")).Settings);
const ReportScreen = lazy(async () => (await import("./screens/report")).ReportScreen);
const Notices = lazy(async () => (await import("./screens/notices")).Notices);
const OpenNotice = lazy(async () => (await import("./screens/notices")).OpenNotice);
const NoticeChoices = lazy(async () => (await import("./screens/notice-choices")).NoticeChoices);
const WaiverScreen = lazy(async () => (await import("./screens/waiver")).WaiverScreen);
const AllowanceScreen = lazy(async () => (await import("./screens/allowance")).AllowanceScreen);
const SurveyScreen = lazy(async () => (await import("./screens/survey")).SurveyScreen);
const ToolScreen = lazy(async () => (await import("./screens/tool")).ToolScreen);

function Screen({ owner }: { owner: string }) {
  const [name, id, detail] = route.value;
  switch (name) {
    case "log":
      return <Log />;
    case "receipt":
      if (id === "share" && detail) return <ReceiptScreen key={detail} owner={owner} share={detail} />;
      if (id && one("receipt", id)?.category === "allowance")
        return <AllowanceScreen key={id} owner={owner} id={id} />;
      return <ReceiptScreen key={id ?? "new"} owner={owner} {...(id ? { id } : {})} />;
    case "tool":
      return <ToolScreen key={id ?? "new"} owner={owner} {...(id ? { id } : {})} />;
    case "report":
      return <ReportScreen owner={owner} {...(id ? { orderId: id } : {})} />;
    case "survey":
      return <SurveyScreen owner={owner} />;
    case "claims":
      return <Claims />;
    case "claim":
      if (id === "of" && detail) return <NewClaim key={detail} owner={owner} ofTrip={detail} />;
      return id ? <ClaimScreen owner={owner} id={id} /> : <NewClaim owner={owner} />;
    case "waiver":
      return id && detail ? <WaiverScreen owner={owner} lineId={id} code={detail} /> : <Claims />;
    case "outbox":
      return <Outbox />;
    case "settings":
      return <Settings />;
    case "notices":
      return <Notices owner={owner} />;
    case "notice":
      return <OpenNotice owner={owner} id={id ?? ""} />;
    case "choices":
      return <NoticeChoices owner={owner} />;
    default:
      return <Today owner={owner} />;
  }
}

/** The counter's screens are a file of their own: a technician's phone never runs them. */
const Counter = lazy(async () => (await import("./screens/counter")).Counter);

function WarehouseScreen({ owner }: { owner: string }) {
  switch (route.value[0]) {
    case "outbox":
      return <Outbox />;
    case "settings":
      return <Settings />;
    case "notices":
      return <Notices owner={owner} />;
    case "notice":
      return <OpenNotice owner={owner} id={route.value[1] ?? ""} />;
    case "choices":
      return <NoticeChoices owner={owner} />;
    default:
      return <Counter owner={owner} />;
  }
}

type Role = "technician" | "warehouse";
type Place = [route: string, title: TextKey, icon: string];

const OUTBOX: Place = ["outbox", "outbox.title", "M12 4v11M8 8l4-4 4 4M4 15v5h16v-5"];
const PLACES: Record<Role, Place[]> = {
  technician: [
    ["today", "today.title", "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"],
    ["log", "log.title", "M12 5v14M5 12h14"],
    ["claims", "claim.title", "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6"],
    OUTBOX,
  ],
  warehouse: [
    ["counter", "counter.title", "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16"],
    ["expected", "counter.expected", "M12 4v10M8 10l4 4 4-4M4 15v5h16v-5"],
    ["tools", "counter.tools", "M4 4h16v6H4zM4 14h16v6H4zM10 7h4M10 17h4"],
    OUTBOX,
  ],
};
/** Under which place a screen stands that is not one itself. */
const BELONGS: Record<string, string> = {
  receipt: "log",
  tool: "log",
  survey: "log",
  report: "today",
  claim: "claims",
  waiver: "claims",
  settings: "outbox",
  choices: "outbox",
  count: "tools",
  issue: "tools",
  stock: "counter",
  unit: "tools",
};

function Bottom({ role }: { role: Role }) {
  const places = PLACES[role];
  const name = route.value[0] ?? "";
  const belongs = BELONGS[name] ?? name;
  const current = places.some(([place]) => place === belongs) ? belongs : places[0]?.[0];
  const { unsent, attention } = counts();
  return (
    <nav class="bottom" aria-label={t("app.navigation")}>
      {places.map(([place, title, icon]) => (
        <a
          key={place}
          href={`#/${place}`}
          data-testid={`nav-${place}`}
          aria-current={current === place ? "page" : undefined}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={icon} />
          </svg>
          {t(title)}
          {place === "outbox" && unsent + attention > 0 && (
            <span class={`count ${attention ? "need" : ""}`}>{unsent + attention}</span>
          )}
        </a>
      ))}
    </nav>
  );
}

function DeskOnly({ owner, role }: { owner: string; role: string }) {
  return (
    <main id="main" tabIndex={-1}>
      <Top title="Fieldclaim" />
      <p class="card">
        {t("app.desk_only")} <a href={DESKS[role] ?? "/"}>{say(`role.${role}`)}</a>
      </p>
      <Shared owner={owner} canUse={false} />
    </main>
  );
}
