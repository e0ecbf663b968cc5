/** The warehouse's counter on the phone: what comes in is scanned, with or without network. */
import { route } from "../../router";
import { CountScreen } from "./count";
import { Desk } from "./desk";
import { ExpectedScreen } from "./expected";
import { IssueScreen } from "./issue";
import { StockIn } from "./stock-in";
import { TakeIn } from "./take-in";
import { Tools } from "./tools";
import { UnitScreen } from "./unit";

export function Counter({ owner }: { owner: string }) {
  const [name, id = "", serial = ""] = route.value;
  switch (name) {
    case "expected":
      return <ExpectedScreen />;
    case "tools":
      return <Tools />;
    case "stock":
      return <StockIn key={id} owner={owner} id={id} serial={serial} />;
    case "take-in":
      return <TakeIn owner={owner} origin={id} serial={serial} />;
    case "issue":
      return <IssueScreen owner={owner} id={id} />;
    case "count":
      return <CountScreen key={id || "new"} owner={owner} id={id} />;
    case "unit":
      return <UnitScreen key={id} owner={owner} id={id} />;
    default:
      return <Desk owner={owner} />;
  }
}
