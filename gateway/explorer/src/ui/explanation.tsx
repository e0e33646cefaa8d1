import { useState } from "react";
import { Button } from "react-aria-components";
import { explanationOf, totalOf } from "../../../graphiql/explanation.js";
import { type Cost, costOf } from "../client";
import type { Question } from "./asked";
import { Facts } from "./values";

type Explained = { name: string; facts: [string, string][] };
type State = { isBusy?: boolean; cost?: Cost; problem?: string };

// What the answer to a question takes, field by field: for that, the question is asked once more.
export function Explanation({ question }: { question: Question }) {
  const [{ isBusy, cost, problem }, become] = useState<State>({});
  async function explain() {
    become({ isBusy: true });
    try {
      become({ cost: await costOf(question) });
    } catch (problem) {
      become({ problem: (problem as Error).message });
    }
  }
  return (
    <section className="explanation" aria-label="Cost">
      <Button className="button" onPress={explain} isDisabled={isBusy}>
        {isBusy ? "Asking …" : "Explain the cost"}
      </Button>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      {cost && <Work cost={cost} />}
    </section>
  );
}

function Work({ cost }: { cost: Cost }) {
  const fields: Explained[] = explanationOf(cost);
  return (
    <>
      <p>{totalOf(cost)}</p>
      {cost.cachedAnswer && (
        <p>Without the explanation, this is answered from the cache: no request, no query.</p>
      )}
      {fields.map(({ name, facts }) => (
        <div key={name}>
          <h3>{name}</h3>
          <Facts facts={facts} />
        </div>
      ))}
    </>
  );
}
