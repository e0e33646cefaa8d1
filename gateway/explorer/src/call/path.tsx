import { Fragment, type ReactNode } from "react";
import { amount, count, country, decimal, NOTHING } from "../format";
import type { Question } from "../ui/asked";
import { Icon, type IconName } from "../ui/icon";
import { Panel } from "../ui/panel";
import { Personal } from "../ui/values";
import type { Call } from "./page";
import { EDGES, type Lane, routeOf, type Station } from "./route";

type Finding = Call["diagnosis"]["findings"][number];

// Caller, edges, called party: what each edge measured in each direction, and which of it is bad.
export function Path({ call, question }: { call: Call; question: Question }) {
  const { before, behind } = routeOf(call);
  const findings = call.diagnosis.findings;
  return (
    <Panel title="Path" note="What Twilio measured, in each direction of the sound." question={question}>
      <div className="path-frame">
        <ol className="path">
          <Party title="Caller" party={call.from} name={call.from?.caller} />
          {before.map((station) => (
            <EdgeCard key={station.kind} station={station} findings={findings} />
          ))}
          <li className="stop" data-kind="twilio">
            <strong>Twilio</strong>
          </li>
          {behind.map((station) => (
            <EdgeCard key={station.kind} station={station} findings={findings} />
          ))}
          <Party title="Called party" party={call.to} name={call.to?.callee} />
        </ol>
      </div>
      {call.edges.length === 0 && (
        <p className="state-line">No edge measured anything: the call carried no media, or is too young.</p>
      )}
    </Panel>
  );
}

interface PartyProps {
  title: string;
  party: Call["from"] | Call["to"];
  name: string | null | undefined;
}

function Party({ title, party, name }: PartyProps) {
  const sdk = party?.sdk;
  const icon: IconName = sdk ? "code" : "phone";
  return (
    <li className="stop" data-kind="party">
      <span className="stop-icon">
        <Icon name={icon} size={18} />
      </span>
      <span className="stop-title">{title}</span>
      <strong>
        <Personal value={name} />
      </strong>
      {party?.carrier && <span>{party.carrier}</span>}
      {sdk?.type && (
        <span>
          {sdk.type} {sdk.version}
        </span>
      )}
      {party?.countryCode && <span className="faint">{country(party.countryCode)}</span>}
    </li>
  );
}

function EdgeCard({ station, findings }: { station: Station; findings: Finding[] }) {
  const { kind, edge, lanes } = station;
  const found = findings.filter((finding) => finding.edge === kind && finding.severity !== "INFO");
  const place = edge.__typename === "SdkEdge" ? edge.properties?.settings?.edge : edge.properties?.edgeLocation;
  return (
    <li className="stop edge" data-bad={found.length > 0 || undefined}>
      <header>
        <strong>{EDGES[kind]}</strong>
        {place && <span className="faint">{place}</span>}
      </header>
      {lanes.map((lane) => (
        <LaneRow key={lane.direction} lane={lane} findings={found.filter((one) => one.direction === lane.direction)} />
      ))}
    </li>
  );
}

function LaneRow({ lane: { stream, isTowardsCallee, direction }, findings }: { lane: Lane; findings: Finding[] }) {
  const measured = stream ? measurementsOf(stream) : [];
  return (
    <section className="lane" data-towards={isTowardsCallee ? "callee" : "caller"}>
      <h3>
        <span className="lane-arrow">
          <Icon name="arrow" size={14} />
        </span>
        {isTowardsCallee ? "to the called party" : "to the caller"}
        <span className="only-read"> ({direction.toLowerCase()} at this edge)</span>
      </h3>
      {measured.length === 0 ? (
        <p className="faint">Nothing measured</p>
      ) : (
        <dl>
          {measured.map(({ name, field, value, worst }) => {
            const finding = findings.find((one) => one.field?.includes(field));
            return (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd data-bad={finding !== undefined || undefined}>
                  {value}
                  {worst && <small>{worst}</small>}
                  {finding?.threshold != null && <Threshold finding={finding} />}
                </dd>
              </Fragment>
            );
          })}
        </dl>
      )}
      {stream && <p className="lane-foot">{footOf(stream)}</p>}
    </section>
  );
}

function Threshold({ finding: { threshold, unit } }: { finding: Finding }): ReactNode {
  const shown = `${decimal(threshold ?? 0)}${unit ? ` ${unit === "percent" ? "%" : unit}` : ""}`;
  return (
    <em>
      <Icon name="alert" size={11} /> threshold {shown}
    </em>
  );
}

interface Measurement {
  name: string;
  field: string;
  value: string;
  worst?: string;
}

const most = (value: number | null | undefined, unit: string) =>
  value === null || value === undefined ? undefined : `max ${amount(value, unit)}`;

function measurementsOf(stream: NonNullable<Lane["stream"]>): Measurement[] {
  const found: Measurement[] = [];
  const { packetsLossPercentage: loss, jitter } = stream;
  if (loss !== null) found.push({ name: "Loss", field: "packetsLoss", value: amount(loss, "%") });
  if (jitter) found.push({ name: "Jitter", field: "jitter", value: amount(jitter.avg, "ms"), worst: most(jitter.max, "ms") });
  if ("latency" in stream && stream.latency) {
    const { avg, max } = stream.latency;
    found.push({ name: "Latency", field: "latency", value: amount(avg, "ms"), worst: most(max, "ms") });
  }
  if ("rtt" in stream && stream.rtt) {
    const { avg, max } = stream.rtt;
    found.push({ name: "Round trip", field: "rtt", value: amount(avg, "ms"), worst: most(max, "ms") });
  }
  if ("estimatedMos" in stream && stream.estimatedMos !== null) {
    found.push({ name: "MOS, estimated", field: "estimatedMos", value: amount(stream.estimatedMos, "") });
  }
  if ("mos" in stream && stream.mos) {
    const { avg, min } = stream.mos;
    found.push({ name: "MOS", field: "mos", value: amount(avg, ""), worst: min === null ? undefined : `min ${decimal(min)}` });
  }
  return found;
}

function footOf(stream: NonNullable<Lane["stream"]>): string {
  const packets = "packetsReceived" in stream ? stream.packetsReceived : "packetsSent" in stream ? stream.packetsSent : null;
  const parts = [stream.codecName?.toUpperCase(), packets === null ? undefined : `${count(packets)} packets`];
  return parts.filter(Boolean).join(" · ") || NOTHING;
}
