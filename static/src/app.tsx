/** The application: who is here, where they are, and the bar at the bottom. */
import { useEffect } from "preact/hooks";
import { say, t } from "./i18n";
import type { TextKey } from "./i18n/texts";
import { route } from "./router";
import { ClaimScreen, Claims, NewClaim } from "./screens/claims";
import { Log } from "./screens/log";
import { Login } from "./screens/login";
import { Outbox } from "./screens/outbox";
import { ReceiptScreen } from "./screens/receipt";
import { ReportScreen } from "./screens/report";
import { Settings } from "./screens/settings";
import { SurveyScreen } from "./screens/survey";
import { Today } from "./screens/today";
import { ToolScreen } from "./screens/tool";
import { noteUnsent } from "./store/mark";
import { watch, world } from "./store/view";
import { wake } from "./sync/runner";
import { session } from "./sync/session";
import { counts } from "./ui/line";
import { Top } from "./ui/parts";
import { Shared } from "./ui/shared";
import { isUpdateReady, takeUpdate } from "./update";

const DESKS: Record<string, string> = {
  dispatcher: "/dispatch/",
  warehouse: "/warehouse/",
  finance: "/finance/",
  manager: "/finance/",
  admin: "/admin/",
};

export function App() {
  const here = session.value;
  if (here === undefined) return null;
  if (here === null) return <Login />;
  if (here.user.role !== "technician") return <DeskOnly owner={here.user.id} role={here.user.role} />;
  if (here.ended && route.value[0] === "login") return <Login />;
  return <Signed key={here.user.id} owner={here.user.id} />;
}

function Signed({ owner }: { owner: string }) {
  useEffect(() => {
    const stop = watch(owner);
    wake();
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
        <Screen owner={owner} />
      </main>
      {isUpdateReady.value && (
        <button type="button" class="primary update" data-testid="update" onClick={() => void takeUpdate()}>
          {t("app.update")}
        </button>
      )}
      <Bottom />
    </>
  );
}

function Screen({ owner }: { owner: string }) {
  const [name, id, share] = route.value;
  switch (name) {
    case "log":
      return <Log />;
    case "receipt":
      if (id === "share" && share) return <ReceiptScreen key={share} owner={owner} share={share} />;
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
      return id ? <ClaimScreen owner={owner} id={id} /> : <NewClaim owner={owner} />;
    case "outbox":
      return <Outbox />;
    case "settings":
      return <Settings />;
    default:
      return <Today owner={owner} />;
  }
}

const PLACES: [route: string, title: TextKey, icon: string][] = [
  ["today", "today.title", "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"],
  ["log", "log.title", "M12 5v14M5 12h14"],
  ["claims", "claim.title", "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6"],
  ["outbox", "outbox.title", "M12 4v11M8 8l4-4 4 4M4 15v5h16v-5"],
];
const BELONGS: Record<string, string> = {
  receipt: "log",
  tool: "log",
  survey: "log",
  report: "today",
  claim: "claims",
  settings: "outbox",
};

function Bottom() {
  const name = route.value[0] ?? "today";
  const current = BELONGS[name] ?? name;
  const { unsent, attention } = counts();
  return (
    <nav class="bottom" aria-label={t("app.navigation")}>
      {PLACES.map(([place, title, icon]) => (
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
