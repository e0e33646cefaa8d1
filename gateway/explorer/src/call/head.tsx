import { duration, spelled } from "../format";
import { Icon } from "../ui/icon";
import { Copy } from "../ui/query";
import { Badge, Personal, State, Tags, Time } from "../ui/values";
import type { Call } from "./page";

export function CallHead({ call, isLive }: { call: Call; isLive: boolean }) {
  return (
    <header className="call-head">
      <div className="call-badges">
        <State state={call.state} />
        <Progress call={call} isLive={isLive} />
        {call.tags.length > 0 && <Tags tags={call.tags} />}
      </div>
      <h1>{call.diagnosis.headline}</h1>
      <p className="call-line">
        <span>
          <Personal value={call.from?.caller} /> <Icon name="arrow" size={14} />
          <span className="only-read">to</span> <Personal value={call.to?.callee} />
        </span>
        <span>{spelled(call.properties?.direction)}</span>
        <span>{duration(call.connectDuration ?? call.duration)}</span>
        <Time iso={call.startTime ?? call.createdTime} />
        <span className="sid">
          <code>{call.sid}</code>
          <Copy text={call.sid} label="Copy the SID" />
        </span>
      </p>
    </header>
  );
}

// How far the summary is. A reader of the screen hears when that changes.
function Progress({ call, isLive }: { call: Call; isLive: boolean }) {
  const { isFinal, version, source } = call.processing;
  return (
    <span role="status" className="progress">
      {isFinal ? (
        <Badge tone="good">
          <Icon name="check" size={12} /> Final
        </Badge>
      ) : (
        <Badge tone="info">
          {isLive && <span className="pulse" aria-hidden="true" />}
          Partial{version ? `, version ${version}` : ""}
        </Badge>
      )}
      {source === "STALE" && <Badge tone="warning">Stale: Twilio cannot be asked</Badge>}
    </span>
  );
}
