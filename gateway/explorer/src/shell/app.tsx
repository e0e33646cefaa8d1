import { useMemo, useSyncExternalStore } from "react";
import { Provider } from "urql";
import { onTokenChange, token } from "../../../graphiql/token.js";
import { useViewer } from "../../../graphiql/viewer.js";
import { makeClient } from "../client";
import { Empty } from "../ui/panel";
import { Header } from "./header";
import { Scopes } from "./scopes";
import { View } from "./view";
import { WarehouseKnown } from "./warehouse";

// Another token may see other calls: with it begins another client, which knows of none.
export function App() {
  const shown = useSyncExternalStore(onTokenChange, token);
  const client = useMemo(makeClient, [shown]);
  const { phase } = useViewer();
  const isWelcome = phase === "open" || phase === "known";
  return (
    <Provider value={client}>
      <a className="skip" href="#main" onClick={toMain}>
        To the content
      </a>
      <Scopes isWelcome={isWelcome}>
        <WarehouseKnown isWelcome={isWelcome}>
          <Header />
          <main id="main" tabIndex={-1}>
            {isWelcome ? <View /> : <Stranger isChecking={phase === "checking"} />}
          </main>
        </WarehouseKnown>
      </Scopes>
    </Provider>
  );
}

function Stranger({ isChecking }: { isChecking: boolean }) {
  return isChecking ? (
    <Empty title="Looking at your token …" />
  ) : (
    <Empty title="This gateway asks for a token">
      <p>It shows each viewer the calls that this viewer may see. Give your token at the top of the page.</p>
    </Empty>
  );
}

// The address belongs to the views, so this link moves the focus alone.
function toMain(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
