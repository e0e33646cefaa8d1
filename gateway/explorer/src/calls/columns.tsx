import type { ReactNode } from "react";
import type { CallField, CallRowFragment } from "../generated/graphql";
import thresholds from "../generated/thresholds.json";
import { amount, country, duration, NOTHING, spelled, suspect } from "../format";
import { Badge, Personal, State, TagsInShort, Time } from "../ui/values";

export type Row = CallRowFragment;

export interface Column {
  id: string;
  name: string;
  width: number;
  isNumber?: boolean;
  order?: CallField; // by which a search is sorted
  show: (row: Row) => ReactNode;
  value: (row: Row) => string | number | null | undefined; // as it goes into a file
}

type Streams = { packetsLossPercentage: number | null; jitter: { avg: number | null; max: number | null } | null };

// The worst that any edge measured in any direction.
function worst(row: Row, read: (stream: Streams) => number | null | undefined): number | null {
  const values = row.edges
    .flatMap(({ metrics }) => [metrics?.inbound, metrics?.outbound])
    .map((stream) => (stream ? read(stream) : null))
    .filter((value) => value !== null && value !== undefined);
  return values.length ? Math.max(...values) : null;
}

const lossOf = (row: Row) => worst(row, (stream) => stream.packetsLossPercentage);
const jitterOf = (row: Row) => worst(row, (stream) => stream.jitter?.max);

function mosOf(row: Row): number | null {
  const found = row.edges.map(({ metrics }) => {
    const inbound = metrics?.inbound;
    return inbound && "mos" in inbound ? inbound.mos?.avg : null;
  });
  return found.find((value) => value != null) ?? null;
}

const placesOf = (row: Row) =>
  [...new Set(row.edges.map((edge) => ("properties" in edge ? edge.properties?.edgeLocation : null)))].filter(Boolean).join(", ");

const sdkOf = ({ from, to }: Row) => from?.sdk ?? to?.sdk;

function plain(id: string, name: string, width: number, value: Column["value"]): Column {
  return { id, name, width, value, show: (row) => <Whole text={value(row)} /> };
}

// What does not fit into its cell is read on hover.
const Whole = ({ text }: { text: string | number | null | undefined }) => <span title={text ? String(text) : undefined}>{text || NOTHING}</span>;

function number(id: string, name: string, width: number, unit: string, value: (row: Row) => number | null | undefined): Column {
  return { id, name, width, isNumber: true, value, show: (row) => amount(value(row), unit) };
}

function marked(column: Column, threshold: number): Column {
  const show = (row: Row) => {
    const value = column.value(row);
    return <span data-bad={(typeof value === "number" && value > threshold) || undefined}>{column.show(row)}</span>;
  };
  return { ...column, show };
}

export const COLUMNS: Column[] = [
  { id: "ended", order: "END_TIME", name: "Ended", width: 136, value: (row) => row.endTime, show: (row) => <Time iso={row.endTime} style="short" /> },
  { id: "started", order: "START_TIME", name: "Started", width: 146, value: (row) => row.startTime, show: (row) => <Time iso={row.startTime} style="short" /> },
  { id: "state", order: "STATE", name: "State", width: 104, value: (row) => row.state, show: (row) => <State state={row.state} /> },
  { id: "from", name: "From", width: 128, value: (row) => row.from?.caller, show: (row) => <Personal value={row.from?.caller} /> },
  { id: "to", name: "To", width: 128, value: (row) => row.to?.callee, show: (row) => <Personal value={row.to?.callee} /> },
  { ...plain("fromCarrier", "Caller's carrier", 148, (row) => row.from?.carrier), order: "FROM_CARRIER" },
  { ...plain("toCarrier", "Called carrier", 148, (row) => row.to?.carrier), order: "TO_CARRIER" },
  { order: "TO_COUNTRY_CODE", ...plain("toCountry", "Called country", 150, (row) => row.to?.countryCode), show: (row) => country(row.to?.countryCode) },
  { id: "tags", name: "Tags", width: 168, value: (row) => row.tags.join(" "), show: (row) => <TagsInShort tags={row.tags} /> },
  {
    id: "suspect",
    name: "Suspect",
    width: 106,
    value: ({ diagnosis }) => diagnosis.suspects[0]?.where,
    show: ({ diagnosis: { suspects } }) => (suspects[0] ? suspect(suspects[0].where) : <span className="faint">None</span>),
  },
  marked(number("loss", "Worst loss", 88, "%", lossOf), thresholds.loss),
  marked(number("jitter", "Worst jitter", 92, "ms", jitterOf), thresholds.peakJitter),
  { ...number("mos", "MOS", 80, "", mosOf), order: "SDK_EDGE_METRICS_INBOUND_MOS_AVG" },
  { id: "duration", order: "DURATION", name: "Duration", width: 108, isNumber: true, value: (row) => row.duration, show: (row) => duration(row.duration) },
  { ...plain("type", "Type", 100, (row) => row.type), show: (row) => spelled(row.type) },
  { ...plain("direction", "Direction", 150, (row) => row.properties?.direction), show: (row) => spelled(row.properties?.direction) },
  { ...number("pdd", "Post-dial delay", 136, "ms", (row) => row.properties?.pddMs), order: "PROPERTIES_PDD_MS" },
  { ...plain("sip", "SIP response", 120, (row) => row.properties?.lastSipResponseNum), order: "PROPERTIES_LAST_SIP_RESPONSE_NUM" },
  { ...plain("endedBy", "Ended by", 100, (row) => row.properties?.disconnectedBy), show: (row) => spelled(row.properties?.disconnectedBy) },
  plain("place", "Edge location", 130, placesOf),
  plain("sdk", "SDK", 190, (row) => [sdkOf(row)?.type, sdkOf(row)?.version].filter(Boolean).join(" ")),
  number("score", "Score", 72, "", (row) => row.annotation?.callScore),
  {
    id: "summary",
    name: "Summary",
    width: 100,
    value: (row) => row.processing.state,
    show: (row) => <Badge tone={row.processing.isFinal ? "plain" : "info"}>{row.processing.isFinal ? "Final" : "Partial"}</Badge>,
  },
  { id: "sid", name: "SID", width: 300, value: (row) => row.sid, show: (row) => <code>{row.sid}</code> },
];

export const STANDARD = "ended,from,to,toCarrier,tags,suspect,loss,jitter,duration";
