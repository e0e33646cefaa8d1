import { NOTHING, spelled } from "../format";
import { CallTimelineDocument, type CallTimelineQuery } from "../generated/graphql";
import { useAsked } from "../ui/asked";
import { Answer, Notice, Panel } from "../ui/panel";
import { Badge, Time, type Tone } from "../ui/values";
import { EDGES } from "./route";
import { TimelineChart } from "./timeline-chart";
import { type Happening, isLoud, rowsOf, warningsOf } from "./timeline-data";

type Found = NonNullable<CallTimelineQuery["call"]>;

// What was measured in the course of the call, and what happened meanwhile.
export function Timeline({ sid }: { sid: string }) {
  const asked = useAsked(CallTimelineDocument, { sid });
  return (
    <Panel title="Timeline" note="A sample every ten seconds; the events of the call below." question={asked}>
      <Answer asked={asked} skeleton={<div className="chart-space" role="status" aria-label="Loading" />}>
        {({ call }) => (call ? <Course call={call} /> : <p className="state-line">There is nothing yet.</p>)}
      </Answer>
    </Panel>
  );
}

function Course({ call: { metrics, events } }: { call: Found }) {
  const rows = rowsOf(metrics.nodes);
  const times = [...metrics.nodes, ...events.nodes].flatMap(({ timestamp }) => (timestamp ? Date.parse(timestamp) : []));
  if (times.length === 0) return <p className="state-line">{emptyOf(metrics.status)}</p>;
  const [start, end] = [Math.min(...times), Math.max(...times)];
  return (
    <>
      {(metrics.status === "PARTIAL" || metrics.status === "NOT_READY") && (
        <Notice tone="info">The call ended just now, or goes on: more samples may follow.</Notice>
      )}
      <TimelineChart
        rows={rows}
        warnings={warningsOf(events.nodes, end)}
        events={events.nodes.filter(isLoud)}
        start={start}
        end={Math.max(end, start + 1000)}
      />
      {(metrics.pageInfo.hasNextPage || events.pageInfo.hasNextPage) && (
        <p className="state-line">These are the first 1,000 samples and events of a long call.</p>
      )}
      <Events events={[...events.nodes].sort(byTime)} />
    </>
  );
}

const emptyOf = (status: string) =>
  status === "INSIGHTS_NOT_ENABLED"
    ? "Without Voice Insights Advanced Features, Twilio has neither metrics nor events."
    : "Nothing was measured in this call.";

// The gateway has edge after edge; whoever reads asks what came next.
const byTime = (one: Happening, other: Happening) => Date.parse(one.timestamp ?? "") - Date.parse(other.timestamp ?? "");

const TONES: Record<string, Tone> = { ERROR: "critical", WARNING: "warning", INFO: "info" };

function Events({ events }: { events: Happening[] }) {
  return (
    <details className="events">
      <summary>All {events.length} events in words</summary>
      <ol>
        {events.map(({ timestamp, edge, group, name, level }, place) => (
          <li key={place}>
            <Time iso={timestamp} style="seconds" />
            <Badge tone={TONES[level ?? ""] ?? "plain"}>{spelled(level ?? "INFO")}</Badge>
            <span className="faint">{edge ? EDGES[edge] : NOTHING}</span>
            <span>
              {group} · <strong>{name}</strong>
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
