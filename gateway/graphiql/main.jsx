import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker.js?worker";
import JsonWorker from "monaco-editor/esm/vs/language/json/json.worker.js?worker";
import GraphQLWorker from "monaco-graphql/esm/graphql.worker.js?worker";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";
import { Access } from "./access.jsx";
import { Cost } from "./cost.jsx";
import { EarlyRun } from "./early-run.jsx";
import { endpoint } from "./endpoint.js";
import { fetcher } from "./fetcher.js";
import { linked } from "./linked.js";
import { useIsLost } from "./live.js";
import { Pick } from "./pick.jsx";
import { ErrorCodes } from "./reference.jsx";
import { storage } from "./storage.js";
import { useViewer } from "./viewer.js";
import { Views } from "./views.jsx";
import favicon from "./favicon.svg";

// The two languages this page speaks; an editor worker for what they share.
const workers = { graphql: GraphQLWorker, json: JsonWorker };
globalThis.MonacoEnvironment = {
  getWorker: (_id, language) => new (workers[language] ?? EditorWorker)(),
};

// The server writes the tabs into the page: see gateway/server/graphiql.py.
const given = JSON.parse(document.getElementById("tabs").textContent);
const tabs = linked ? [linked, ...given] : given;

const hasExplorer = document.querySelector("meta[name=graphql-beside]").content === "explorer";

const PLUGINS = [HISTORY_PLUGIN, explorerPlugin()];

// GraphiQL keeps a visitor's tabs, but opens what was last edited: a tab opened unedited would lose its
// variables, and come back as one more tab. So it is told what the tab in front holds.
const front = linked || (tabInFront() ?? tabs[0]);

function tabInFront() {
  try {
    const kept = JSON.parse(storage.getItem("graphiql:tabState"));
    return kept?.tabs[kept.activeTabIndex];
  } catch {
    return undefined; // nothing may be stored here, or it is garbled: GraphiQL begins anew, too
  }
}

function Page() {
  const { phase } = useViewer();
  const isWelcome = phase === "open" || phase === "known";
  return (
    <GraphiQL
      fetcher={fetcher}
      schema={isWelcome ? undefined : null} // undefined: it is asked for
      storage={storage}
      plugins={PLUGINS}
      defaultTabs={tabs}
      initialQuery={front.query ?? ""}
      initialVariables={front.variables ?? ""}
      initialHeaders={front.headers ?? ""}
      defaultEditorToolsVisibility="variables"
      isHeadersEditorEnabled
      shouldPersistHeaders
      showPersistHeadersSettings={false}
      inputValueDeprecation
    >
      <GraphiQL.Logo>
        <span className="brand">
          <img src={favicon} alt="" />
          Call Insights
          {hasExplorer && <a href={new URL("explorer/", endpoint).href}>Explorer</a>}
          <a href={new URL("docs/", endpoint).href} target="_blank">
            Docs
          </a>
          <Access />
        </span>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <Views />
        <ErrorCodes />
        <Pick />
        <Cost />
        <EarlyRun />
        <Connection />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}

function Connection() {
  return useIsLost() && <p role="status">Connection lost: reconnecting …</p>;
}

createRoot(document.getElementById("graphiql")).render(<Page />);
