import { useEffect, useMemo, useState } from "react";
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";

const SID = /\bCA[0-9a-f]{32}\b/gi;
const ASKS_ABOUT_A_CALL = /\$sid: CallSid!/;

// Below an answer with calls: one of them, and the tabs that ask about a call. A click on a call in the answer
// picks it, too.
export function Pick() {
  const { tabs, activeTabIndex, variableEditor, responseEditor } = useGraphiQL(
    pick("tabs", "activeTabIndex", "variableEditor", "responseEditor"),
  );
  const { changeTab } = useGraphiQLActions();
  const answer = tabs[activeTabIndex].response;
  const sids = useMemo(() => [...new Set(answer?.match(SID))], [answer]);
  const [picked, choose] = useState();
  const sid = sids.includes(picked) ? picked : sids[0];

  useEffect(() => {
    const listening = responseEditor?.onDidChangeCursorPosition(({ position }) => {
      const [clicked] = responseEditor.getModel().getLineContent(position.lineNumber).match(SID) ?? [];
      if (clicked) choose(clicked);
    });
    return () => listening?.dispose();
  }, [responseEditor]);

  if (!sid) return null;
  function ask(index) {
    changeTab(index);
    variableEditor.setValue(JSON.stringify({ ...variablesOf(tabs[index]), sid }, null, 2));
  }
  return (
    <div className="pick" role="group" aria-label="Ask about a call of this answer">
      <select aria-label="Call" value={sid} onChange={({ target }) => choose(target.value)}>
        {sids.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      {tabs.map(
        ({ id, title, query }, index) =>
          index !== activeTabIndex &&
          ASKS_ABOUT_A_CALL.test(query) && (
            <button key={id} type="button" onClick={() => ask(index)}>
              {title}
            </button>
          ),
      )}
    </div>
  );
}

function variablesOf({ variables }) {
  try {
    return JSON.parse(variables);
  } catch {
    return {}; // none, or such as nobody can read
  }
}
