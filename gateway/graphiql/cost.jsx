import { useMemo } from "react";
import { pick, useGraphiQL } from "@graphiql/react";

// Below each answer: what it was priced at, and what it took.
export function Cost() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const answer = tabs[activeTabIndex].response;
  const cost = useMemo(() => costOf(answer), [answer]);
  if (!cost) return null;
  const { requested, actual, upstreamRequests, cacheHits } = cost;
  return (
    <p className="cost">
      Cost: {actual} of at most {requested} · requests to Twilio: {upstreamRequests} · found in the cache: {cacheHits}
    </p>
  );
}

function costOf(answer) {
  try {
    return JSON.parse(answer)?.extensions?.cost;
  } catch {
    return undefined; // no answer yet, or what GraphiQL itself has to say
  }
}
