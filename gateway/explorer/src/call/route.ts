// The way of the sound: which edges lie between the caller and Twilio, and which beyond, and who heard which stream.
import type { MediaEdgeKind, StreamDirection } from "../generated/graphql";
import type { Call } from "./page";

export type Edge = Call["edges"][number];
type Metrics = NonNullable<Edge["metrics"]>;
export type Stream = NonNullable<Metrics["inbound"] | Metrics["outbound"]>;

export interface Lane {
  direction: StreamDirection;
  stream: Stream | null;
  isTowardsCallee: boolean;
}

export interface Station {
  kind: MediaEdgeKind;
  edge: Edge;
  lanes: Lane[]; // towards the called party first
}

const KINDS: Record<Edge["__typename"], MediaEdgeKind> = {
  CarrierEdge: "CARRIER",
  SipEdge: "SIP",
  ClientEdge: "CLIENT",
  SdkEdge: "SDK",
};
export const EDGES: Record<MediaEdgeKind, string> = {
  CARRIER: "Carrier edge",
  SIP: "SIP edge",
  CLIENT: "Client edge",
  SDK: "Voice SDK",
};
const INWARDS: MediaEdgeKind[] = ["SDK", "CLIENT", "CARRIER", "SIP"];

export function routeOf(call: Call): { before: Station[]; behind: Station[] } {
  const stations = call.edges.map((edge) => ({ kind: KINDS[edge.__typename], edge }));
  const ordered = stations.sort((one, other) => INWARDS.indexOf(one.kind) - INWARDS.indexOf(other.kind));
  const at = (isCallers: boolean) =>
    ordered
      .filter(({ kind }) => facesCaller(kind, call.properties?.direction) === isCallers)
      .map((station) => ({ ...station, lanes: lanesOf(station.kind, station.edge, isCallers) }));
  return { before: at(true), behind: at(false).reverse() };
}

// Which party an edge faces follows from the direction of the call: see docs/diagnosis.md.
function facesCaller(kind: MediaEdgeKind, direction: string | null | undefined): boolean {
  if (direction === "INBOUND") return true;
  if (direction === "TRUNKING_ORIGINATING") return kind === "CARRIER";
  if (direction === "TRUNKING_TERMINATING") return kind === "SIP";
  return false;
}

// A gateway receives what its party says; the SDK receives what its party hears.
function lanesOf(kind: MediaEdgeKind, { metrics }: Edge, isCallers: boolean): Lane[] {
  const lanes = [
    { direction: "INBOUND" as const, stream: metrics?.inbound ?? null, isTowardsCallee: isCallers !== (kind === "SDK") },
    { direction: "OUTBOUND" as const, stream: metrics?.outbound ?? null, isTowardsCallee: isCallers === (kind === "SDK") },
  ];
  return lanes.sort((one, other) => Number(other.isTowardsCallee) - Number(one.isTowardsCallee));
}
