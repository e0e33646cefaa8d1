import { href } from "../address";
import { duration } from "../format";
import { ChildCallsDocument, type ChildCallsQuery } from "../generated/graphql";
import { useWarehouse } from "../shell/warehouse";
import { useAsked } from "../ui/asked";
import { Answer, Panel } from "../ui/panel";
import { Personal, State, TagsInShort } from "../ui/values";
import type { Call } from "./page";

// A call that another one dialled is a leg of it; each leg has a summary of its own.
export function Legs({ call }: { call: Call }) {
  const { phase } = useWarehouse();
  const asked = useAsked(ChildCallsDocument, { parent: call.sid }, phase !== "on");
  const parent = call.parentCallSid;
  return (
    <Panel title="Legs" note="Other calls that belong to this one." question={asked}>
      {parent && (
        <p className="leg">
          <span className="faint">Dialled by</span>
          <a href={href(`calls/${parent}`)}>
            <code>{parent}</code>
          </a>
        </p>
      )}
      {phase === "on" && <Answer asked={asked}>{({ searchCalls }) => <Children found={searchCalls} />}</Answer>}
      {phase === "off" && <p className="state-line">Which calls it dialled takes a warehouse to find.</p>}
    </Panel>
  );
}

function Children({ found: { nodes, totalCount } }: { found: ChildCallsQuery["searchCalls"] }) {
  if (nodes.length === 0) return <p className="state-line">It dialled no other call.</p>;
  return (
    <ul className="legs">
      {nodes.map(({ sid, state, duration: seconds, tags, to }) => (
        <li key={sid} className="leg">
          <a href={href(`calls/${sid}`)}>
            <Personal value={to?.callee} />
          </a>
          <State state={state} /> {duration(seconds)} <TagsInShort tags={tags} />
        </li>
      ))}
      {totalCount > nodes.length && <li className="faint">and {totalCount - nodes.length} more</li>}
    </ul>
  );
}
