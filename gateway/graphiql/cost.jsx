import { useMemo } from "react";
import { pick, useGraphiQL } from "@graphiql/react";
import { explain, useExplains } from "./explaining.js";
import { explanationOf, totalOf } from "./explanation.js";

// Below each answer: what it was priced at, and what it took; field by field, if the reader wants that.
export function Cost() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const isOn = useExplains();
  const answer = tabs[activeTabIndex].response;
  const cost = useMemo(() => costOf(answer), [answer]);
  return (
    <>
      {isOn && cost && <Explanation cost={cost} />}
      <div className="cost">
        {cost && <p>{totalOf(cost)}</p>}
        <button type="button" aria-pressed={isOn} onClick={() => explain(!isOn)}>
          Explain
        </button>
      </div>
    </>
  );
}

function Explanation({ cost }) {
  const fields = explanationOf(cost);
  return (
    <section className="explanation" aria-label="Explanation of the cost" tabIndex={0}>
      {!fields && <p>Execute the query again to see what each of its fields took.</p>}
      {cost.cachedAnswer && <p>Without the explanation, this is answered from the cache: no request, no query.</p>}
      {fields?.map(({ name, facts }) => (
        <div key={name}>
          <h3>{name}</h3>
          <dl>
            {facts.map(([term, value]) => (
              <div key={term}>
                <dt>{term}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}

function costOf(answer) {
  try {
    return JSON.parse(answer)?.extensions?.cost;
  } catch {
    return undefined; // no answer yet, or what GraphiQL itself has to say
  }
}
