import { useEffect, useLayoutEffect, useState } from "react";
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";

// GraphiQL shows its button before its editors, which take seconds on a slow machine, and ignores a click until
// they are there. This runs the query as soon as they are.
export function EarlyRun() {
  const { queryEditor, variableEditor, responseEditor, documentAST } = useGraphiQL(
    pick("queryEditor", "variableEditor", "responseEditor", "documentAST"),
  );
  const { run } = useGraphiQLActions();
  const isReady = Boolean(queryEditor && variableEditor && responseEditor && documentAST);
  const [isAsked, ask] = useState(false);

  useLayoutEffect(() => {
    if (isReady) return undefined;
    const hear = ({ target }) => target.closest(".graphiql-execute-button") && ask(true);
    document.addEventListener("click", hear, true);
    return () => document.removeEventListener("click", hear, true);
  }, [isReady]);

  useEffect(() => {
    if (!isReady || !isAsked) return;
    ask(false);
    run();
  }, [isReady, isAsked, run]);

  return isAsked && <p role="status">The editors are loading. Then the query runs.</p>;
}
