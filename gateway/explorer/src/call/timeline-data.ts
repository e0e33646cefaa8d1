// Samples and events of a call, as they are drawn: a row for each measurement, in it a line for each stream.
import type { CallTimelineQuery, SampledFragment } from "../generated/graphql";
import thresholds from "../generated/thresholds.json";
import { EDGES } from "./route";

type Timeline = NonNullable<CallTimelineQuery["call"]>;
type Sample = Timeline["metrics"]["nodes"][number];
export type Happening = Timeline["events"]["nodes"][number];

export interface Point {
  at: number;
  value: number;
}

export interface Line {
  name: string;
  series: string; // which colour it has
  points: Point[];
}

export interface Row {
  name: string;
  unit: string;
  threshold: number;
  isBadBelow?: boolean;
  range?: [number, number]; // of a scale that has two ends
  lines: Line[];
}

export interface Warning {
  name: string;
  from: number;
  until: number;
}

interface Kind extends Omit<Row, "lines"> {
  read: (sampled: SampledFragment) => number | null | undefined;
}

const KINDS: Kind[] = [
  { name: "Packet loss", unit: "%", threshold: thresholds.loss, read: (sampled) => sampled.packetsLossPercentage },
  { name: "Jitter", unit: "ms", threshold: thresholds.jitter, read: ({ jitter }) => jitter?.avg ?? jitter?.value },
  { name: "Latency inside Twilio", unit: "ms", threshold: thresholds.latency, read: ({ latency }) => latency?.avg },
  { name: "Round trip to the app", unit: "ms", threshold: thresholds.roundTrip, read: ({ rtt }) => rtt?.avg ?? rtt?.value },
  { name: "MOS", unit: "", threshold: thresholds.mos, isBadBelow: true, range: [1, 5], read: ({ mos }) => mos?.avg ?? mos?.value },
];

const WAYS: Record<string, string> = { INBOUND: "received", OUTBOUND: "sent" };

export function rowsOf(samples: Sample[]): Row[] {
  return KINDS.map(({ read, ...kind }) => ({ ...kind, lines: linesOf(samples, read) })).filter(
    ({ lines }) => lines.length > 0,
  );
}

function linesOf(samples: Sample[], read: Kind["read"]): Line[] {
  const lines = new Map<string, Line>();
  for (const sample of samples) {
    const sampled = (sample.carrierEdge ?? sample.sipEdge ?? sample.clientEdge ?? sample.sdkEdge)?.interval;
    const value = sampled && read(sampled);
    if (value == null || !sample.timestamp) continue;
    const series = `${sample.edge}-${sample.direction}`;
    const line = lines.get(series) ?? { name: nameOf(sample), series, points: [] };
    line.points.push({ at: Date.parse(sample.timestamp), value });
    lines.set(series, line);
  }
  return [...lines.values()];
}

function nameOf({ edge, direction }: Sample): string {
  const place = edge ? EDGES[edge] : "Unknown edge";
  const way = WAYS[direction ?? ""];
  return way ? `${place}, ${way}` : place;
}

const RAISED = /-warning-raised$/;
const CLEARED = /-warning-cleared$/;

// From where a warning was raised until it was cleared, or to the end.
export function warningsOf(events: Happening[], end: number): Warning[] {
  const warnings: Warning[] = [];
  for (const { group, name, timestamp } of events) {
    if (!group || !name || !timestamp) continue;
    const at = Date.parse(timestamp);
    if (RAISED.test(group)) warnings.push({ name, from: at, until: end });
    else if (CLEARED.test(group)) {
      const open = warnings.findLast((one) => one.name === name && one.until === end);
      if (open) open.until = at;
    }
  }
  return warnings;
}

export const isLoud = ({ level, group }: Happening) =>
  level !== "DEBUG" && !RAISED.test(group ?? "") && !CLEARED.test(group ?? "");
