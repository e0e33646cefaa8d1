// What groups of calls are ranked by, and which groups there are.
import { amount, country, share } from "../format";
import type { CallField, SoundFragment } from "../generated/graphql";
import thresholds from "../generated/thresholds.json";

export interface Measure {
  id: string;
  name: string;
  read: (group: SoundFragment) => number | null;
  show: (value: number) => string;
  isGoodWhenHigh?: boolean;
  isBad: (value: number, ofAll: number) => boolean;
  top: number; // a bar is full from here on, unless one has more
}

const MUCH = 1.5; // times the share of all calls
const unit = (name: string) => (value: number) => amount(value, name);

export const MEASURES: Measure[] = [
  { id: "share", name: "Share with a tag", read: (group) => group.share, show: share, isBad: (value, ofAll) => value > MUCH * ofAll, top: 0 },
  { id: "loss", name: "Packet loss", read: ({ loss }) => loss.avg, show: unit("%"), isBad: (value) => value > thresholds.loss, top: 5 },
  { id: "jitter", name: "Jitter", read: ({ jitter }) => jitter.avg, show: unit("ms"), isBad: (value) => value > thresholds.jitter, top: 5 },
  { id: "mos", name: "MOS", read: ({ mos }) => mos.avg, show: unit(""), isGoodWhenHigh: true, isBad: (value) => value < thresholds.mos, top: 5 },
];

// A group, such as called carriers: by which fields, and at which edge its calls were measured.
export interface GroupsOf {
  id: string;
  choice: string; // among the groups of a panel
  title: string;
  fields: [field: CallField, path: string][]; // with the path of the filter that leads to the calls
  edge: keyof typeof FIELDS;
  name?: (value: string) => string;
}

export interface RankingOf {
  id: string;
  label: string;
  groups: [GroupsOf, ...GroupsOf[]];
}

const place = (edge: "carrier" | "client" | "sip", kind: "CARRIER" | "CLIENT" | "SIP", name: string): GroupsOf => ({
  id: edge,
  choice: name,
  title: `${name} edge locations`,
  fields: [[`${kind}_EDGE_PROPERTIES_EDGE_LOCATION`, `${edge}Edge.properties.edgeLocation`]],
  edge: kind,
});

export const RANKINGS: RankingOf[] = [
  {
    id: "carriers",
    label: "Whose carrier",
    groups: [
      { id: "to", choice: "Called", title: "Called carriers", fields: [["TO_CARRIER", "to.carrier"]], edge: "CARRIER" },
      { id: "from", choice: "Calling", title: "Calling carriers", fields: [["FROM_CARRIER", "from.carrier"]], edge: "CARRIER" },
    ],
  },
  {
    id: "countries",
    label: "Whose country",
    groups: [
      { id: "to", choice: "Called", title: "Called countries", fields: [["TO_COUNTRY_CODE", "to.countryCode"]], edge: "CARRIER", name: country },
      { id: "from", choice: "Calling", title: "Calling countries", fields: [["FROM_COUNTRY_CODE", "from.countryCode"]], edge: "CARRIER", name: country },
    ],
  },
  {
    id: "sdks",
    label: "Whose SDK",
    groups: [
      { id: "from", choice: "Calling", title: "Calling SDK versions", fields: [["FROM_SDK_TYPE", "from.sdk.type"], ["FROM_SDK_VERSION", "from.sdk.version"]], edge: "SDK" },
      { id: "to", choice: "Called", title: "Called SDK versions", fields: [["TO_SDK_TYPE", "to.sdk.type"], ["TO_SDK_VERSION", "to.sdk.version"]], edge: "SDK" },
    ],
  },
  {
    id: "places",
    label: "Of which edge",
    groups: [place("carrier", "CARRIER", "Carrier"), place("client", "CLIENT", "Client"), place("sip", "SIP", "SIP")],
  },
];

// What a gateway edge receives is what its party says; what the SDK receives is what its party hears.
export const FIELDS = {
  CARRIER: {
    loss: "CARRIER_EDGE_METRICS_INBOUND_PACKETS_LOSS_PERCENTAGE",
    jitter: "CARRIER_EDGE_METRICS_INBOUND_JITTER_AVG",
    mos: "CARRIER_EDGE_METRICS_INBOUND_ESTIMATED_MOS",
  },
  CLIENT: {
    loss: "CLIENT_EDGE_METRICS_INBOUND_PACKETS_LOSS_PERCENTAGE",
    jitter: "CLIENT_EDGE_METRICS_INBOUND_JITTER_AVG",
    mos: "CLIENT_EDGE_METRICS_INBOUND_ESTIMATED_MOS",
  },
  SDK: {
    loss: "SDK_EDGE_METRICS_INBOUND_PACKETS_LOSS_PERCENTAGE",
    jitter: "SDK_EDGE_METRICS_INBOUND_JITTER_AVG",
    mos: "SDK_EDGE_METRICS_INBOUND_MOS_AVG",
  },
  SIP: {
    loss: "SIP_EDGE_METRICS_INBOUND_PACKETS_LOSS_PERCENTAGE",
    jitter: "SIP_EDGE_METRICS_INBOUND_JITTER_AVG",
    mos: "SIP_EDGE_METRICS_INBOUND_ESTIMATED_MOS",
  },
} satisfies Record<string, Record<"loss" | "jitter" | "mos", CallField>>;

const FEW = 5; // calls, below which a figure says little

export const isMany = ({ count }: SoundFragment) => count >= FEW;
export const keyOf = ({ key }: SoundFragment) => key.map(({ value }) => value ?? "").join(" ").trim();
