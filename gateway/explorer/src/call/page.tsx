import { useSubscription } from "urql";
import { href, isSid } from "../address";
import { CallProgressDocument, OneCallDocument, type OneCallQuery } from "../generated/graphql";
import { messageOf, useAsked } from "../ui/asked";
import { Answer, Empty, Notice, Skeleton } from "../ui/panel";
import { Prose } from "../ui/prose";
import { Annotation } from "./annotation";
import { CallFacts } from "./facts";
import { Findings } from "./findings";
import { CallHead } from "./head";
import { Legs } from "./legs";
import { Path } from "./path";
import { Raw } from "./raw";
import { Timeline } from "./timeline";

export type Lookup = OneCallQuery["callLookup"];
export type Call = NonNullable<Lookup["call"]>;

const MAY_COME = new Set(["PARTIAL", "NOT_READY"]);

export function CallPage({ sid }: { sid: string }) {
  if (isSid(sid)) return <KnownCall sid={sid} />;
  return (
    <Empty title="This is not the SID of a call">
      <p>
        A SID is <code>CA</code> and 32 hexadecimal digits; the address has <code>{sid}</code>.
      </p>
      <a className="button" href={href("calls")}>
        To the calls
      </a>
    </Empty>
  );
}

// One call. While its summary still changes, each newer version is shown as it comes.
function KnownCall({ sid }: { sid: string }) {
  const asked = useAsked(OneCallDocument, { sid });
  const first = asked.data?.callLookup;
  const mayChange = first ? MAY_COME.has(first.status) : false;
  const [{ data, error }] = useSubscription({ query: CallProgressDocument, variables: { sid }, pause: !mayChange });
  const newest = data?.callUpdates ?? first;
  const call = newest?.call;
  const isLive = mayChange && !error && newest?.status !== "COMPLETE";
  return (
    <div className="page">
      <nav className="crumbs" aria-label="Breadcrumb">
        <a href={href("calls")}>Calls</a>
        <span aria-hidden="true">/</span>
        <code>{sid}</code>
      </nav>
      {call ? (
        <>
          {asked.error && <Notice>Not up to date: {messageOf(asked.error)}</Notice>}
          <Whole call={call} isLive={isLive} question={asked} />
        </>
      ) : (
        <Answer asked={asked} skeleton={<Outline />}>
          {() => newest && <NoSummary lookup={newest} isLive={isLive} />}
        </Answer>
      )}
    </div>
  );
}

interface WholeProps {
  call: Call;
  isLive: boolean;
  question: Parameters<typeof Findings>[0]["question"];
}

function Whole({ call, isLive, question }: WholeProps) {
  return (
    <>
      <CallHead call={call} isLive={isLive} />
      <div className="call-grid">
        <div className="column">
          <Findings call={call} question={question} />
          <Path call={call} question={question} />
          <Timeline sid={call.sid} />
        </div>
        <div className="column">
          <CallFacts call={call} question={question} />
          <Legs call={call} />
          <Annotation call={call} />
          <Raw sid={call.sid} />
        </div>
      </div>
    </>
  );
}

// Where the parts of a call will stand.
const Outline = () => (
  <>
    <Skeleton lines={2} />
    <div className="call-grid">
      <div className="column">
        <div className="panel">
          <Skeleton lines={8} />
        </div>
        <div className="panel chart-space" />
      </div>
      <div className="column">
        <div className="panel">
          <Skeleton lines={14} />
        </div>
      </div>
    </div>
  </>
);

const WORDS: Record<string, string> = {
  NOT_READY: "There is no summary yet",
  NOT_FOUND: "There is no such call",
  EXPIRED: "This call is gone",
  INSIGHTS_NOT_ENABLED: "Voice Insights was off",
};

function NoSummary({ lookup, isLive }: { lookup: Lookup; isLive: boolean }) {
  return (
    <Empty title={WORDS[lookup.status] ?? "There is no summary"}>
      <p>
        <Prose text={lookup.message ?? ""} />
      </p>
      {isLive && <p className="live">It is shown here as soon as it comes.</p>}
    </Empty>
  );
}
