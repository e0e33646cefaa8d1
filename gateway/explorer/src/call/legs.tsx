import { href } from "../address";
import type { Question } from "../ui/asked";
import { Panel } from "../ui/panel";
import type { Call } from "./page";

// A call that another one dialled is a leg of it; each leg has a summary of its own.
export function Legs({ call, question }: { call: Call; question: Question }) {
  const parent = call.parentCallSid;
  return (
    <Panel title="Legs" note="Other calls that belong to this one." question={question}>
      {parent ? (
        <ul className="legs">
          <li>
            <span>Parent</span>
            <a href={href(`calls/${parent}`)}>
              <code>{parent}</code>
            </a>
          </li>
        </ul>
      ) : (
        <p className="state-line">No other call created this one.</p>
      )}
    </Panel>
  );
}
