import { lazy, Suspense, useMemo, useState } from "react";
import { pick, useGraphiQL } from "@graphiql/react";
import { csvOf, tableOf } from "./answer-rows.js";

const AnswerView = lazy(() => import("./answer-view.jsx"));
const WAYS = ["JSON", "Table", "Chart"];

// Below an answer with a list in it: the same as a table, as a chart, or as a file.
export function Views() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const { id, response, title } = tabs[activeTabIndex];
  const table = useMemo(() => tableOf(response), [response]);
  const [ways, choose] = useState({}); // of each tab: what shows one answer well shows another one badly
  const way = ways[id] ?? "JSON";
  if (!table) return null;
  return (
    <>
      {way !== "JSON" && (
        <Suspense fallback={<div className="answer-view" />}>
          <AnswerView table={table} as={way} />
        </Suspense>
      )}
      <div className="views" role="group" aria-label="Show the answer as">
        {WAYS.map((one) => (
          <button key={one} type="button" aria-pressed={one === way} onClick={() => choose({ ...ways, [id]: one })}>
            {one}
          </button>
        ))}
        <button type="button" onClick={() => save(csvOf(table), `${title}.csv`)}>
          Download CSV
        </button>
      </div>
    </>
  );
}

function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
