/** A bank account that somebody else entered: its owner confirms or contests it, also without network (REG-D3). */

import { useState } from "preact/hooks";
import { say, t } from "../i18n";
import { save, update } from "../store/save";
import { all, type Shown } from "../store/view";
import { wake } from "../sync/runner";
import { whyNotSaved } from "./not-saved";
import { RecordStateBadge } from "./parts";

/** The account of this phone's person, while it waits for them. */
export function AccountToConfirm({ owner }: { owner: string }) {
  const waiting = all("bank_account").filter(
    (account) => account.user_id === owner && (account.status !== "confirmed" || account.$state !== "server"),
  );
  return waiting.map((account) => <OneAccount key={account.id} owner={owner} account={account} />);
}

function OneAccount({ owner, account }: { owner: string; account: Shown }) {
  const [message, setMessage] = useState("");
  const { status, account_number, bank_name } = account as Record<string, unknown>;
  const tail = String(account_number).slice(-4);
  // Note: what the owner entered is only open where another person has the same number; a manager confirms that.
  const isShared = account.entered_by === owner;
  const judge = async (judged: string) => {
    try {
      await save(owner, [update("bank_account", account, { status: judged })]);
      wake();
    } catch (error) {
      setMessage(whyNotSaved(error));
    }
  };
  return (
    <div data-testid="account-to-confirm">
      <p class="spread">
        <strong>
          {isShared ? `${bank_name} …${tail}` : t("account.entered", { bank: bank_name, tail })}
        </strong>
        {account.$state === "server" ? say(`status.${status}`) : <RecordStateBadge state={account.$state} />}
      </p>
      <p class="soft">{isShared ? say("error.account_shared") : t("account.hint")}</p>
      {account.$state === "server" && !isShared && (
        <p class="row">
          <button
            type="button"
            class="primary"
            data-testid="account-confirm"
            onClick={() => void judge("confirmed")}
          >
            {t("account.confirm")}
          </button>
          {status !== "contested" && (
            <button type="button" class="danger" onClick={() => void judge("contested")}>
              {t("account.contest")}
            </button>
          )}
        </p>
      )}
      {message && (
        <p class="flash" role="alert">
          {message}
        </p>
      )}
    </div>
  );
}
