import { useMemo, useState } from "react";
import { ToggleButton } from "react-aria-components";
import { useSubscription } from "urql";
import { type CallWhere, NewCallsDocument, type NewCallsSubscription } from "../generated/graphql";
import { Icon } from "../ui/icon";
import { useParameter } from "../use-address";
import type { Row } from "./columns";

const MOST = 500; // rows that are kept while one looks on

// Calls that become complete while somebody looks, the newest first.
export function useLiveRows(where: CallWhere): Row[] {
  const [isLive] = useLive();
  const [rows, become] = useState<{ where: CallWhere; found: Row[] }>({ where, found: [] });
  const variables = useMemo(() => ({ where }), [where]);
  useSubscription<NewCallsSubscription>({ query: NewCallsDocument, variables, pause: !isLive }, (_, data) => {
    const row = data.completedCalls.call;
    become((known) => ({ where, found: [row, ...(known.where === where ? known.found : [])].slice(0, MOST) }));
    return data;
  });
  return isLive && rows.where === where ? rows.found : [];
}

function useLive(): [boolean, (isLive: boolean) => void] {
  const [value, change] = useParameter("live");
  return [value === "yes", (isLive) => change(isLive ? "yes" : "")];
}

export function LiveButton() {
  const [isLive, change] = useLive();
  return (
    <ToggleButton className="button" isSelected={isLive} onChange={change}>
      {isLive ? <span className="pulse" aria-hidden="true" /> : <Icon name="live" />}
      Live
    </ToggleButton>
  );
}
