import { useMemo } from "react";
import { href, useParameter } from "../address";
import { amount, calls, count, country, share } from "../format";
import { type CallField, RankingDocument, type RankingQuery } from "../generated/graphql";
import { useRefresh } from "../shell/warehouse";
import { useAsked } from "../ui/asked";
import { Choice } from "../ui/choice";
import { Answer, Empty, Panel } from "../ui/panel";
import { TAGGED, type Window, whereOf } from "../window";

type Group = RankingQuery["callStatistics"]["groups"][number];

interface Measure {
  id: string;
  name: string;
  read: (group: Group) => number | null;
  show: (value: number) => string;
  isGoodWhenHigh?: boolean;
  top: number; // a bar is full from here on, unless one has more
}

const MEASURES: Measure[] = [
  { id: "share", name: "Share with a tag", read: (group) => group.share, show: share, top: 0 },
  { id: "loss", name: "Packet loss", read: ({ loss }) => loss.avg, show: (value) => amount(value, "%"), top: 5 },
  { id: "jitter", name: "Jitter", read: ({ jitter }) => jitter.avg, show: (value) => amount(value, "ms"), top: 5 },
  { id: "mos", name: "MOS", read: ({ mos }) => mos.avg, show: (value) => amount(value, ""), isGoodWhenHigh: true, top: 5 },
];

export interface RankingOf {
  by: CallField;
  path: string; // of the filter that leads to the calls of a group
  title: string;
  edge: "CARRIER" | "CLIENT" | "SDK";
  name?: (value: string) => string;
}

export const RANKINGS: RankingOf[] = [
  { by: "TO_CARRIER", path: "to.carrier", title: "Called carriers", edge: "CARRIER" },
  { by: "TO_COUNTRY_CODE", path: "to.countryCode", title: "Called countries", edge: "CARRIER", name: country },
  { by: "FROM_SDK_VERSION", path: "from.sdk.version", title: "SDK versions", edge: "SDK" },
  { by: "CARRIER_EDGE_PROPERTIES_EDGE_LOCATION", path: "carrierEdge.properties.edgeLocation", title: "Edge locations", edge: "CARRIER" },
];

const FIELDS: Record<RankingOf["edge"], { loss: CallField; jitter: CallField; mos: CallField }> = {
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
};
const SHOWN = 6;
const FEW = 5; // calls, below which a figure says little

const useMeasure = (): [Measure, (id: string) => void] => {
  const [id, change] = useParameter("by", "share");
  return [MEASURES.find((one) => one.id === id) ?? (MEASURES[0] as Measure), change];
};

export function MeasureChoice() {
  const [measure, change] = useMeasure();
  const options = MEASURES.map(({ id, name }) => ({ id, name: `Worst by: ${name}` }));
  return <Choice label="Worst by" value={measure.id} onChange={change} options={options} isLabelHidden />;
}

// The worst groups by one field; a row leads to the calls of its group.
export function Ranking({ ranking, window }: { ranking: RankingOf; window: Window }) {
  const { by, edge, title } = ranking;
  const [measure] = useMeasure();
  const variables = useMemo(
    () => ({ where: whereOf(window), by, tagged: TAGGED, first: 100, ...FIELDS[edge] }),
    [window, by, edge],
  );
  const asked = useAsked(RankingDocument, variables, false, useRefresh());
  return (
    <Panel title={title} note={`${measure.name}, the worst first`} question={asked} className="ranking">
      <Answer asked={asked}>
        {({ callStatistics: { groups } }) => (
          <Bars groups={worst(groups, measure)} measure={measure} ranking={ranking} window={window} />
        )}
      </Answer>
    </Panel>
  );
}

// Groups of few calls come behind the others: their figures say little.
function worst(groups: Group[], { read, isGoodWhenHigh }: Measure): Group[] {
  const known = groups.filter((group) => group.key[0]?.value != null && read(group) !== null);
  const badness = (group: Group) => (read(group) ?? 0) * (isGoodWhenHigh ? -1 : 1);
  return known.sort(
    (one, other) => Number(one.count < FEW) - Number(other.count < FEW) || badness(other) - badness(one),
  );
}

interface BarsProps {
  groups: Group[];
  measure: Measure;
  ranking: RankingOf;
  window: Window;
}

function Bars({ groups, measure, ranking, window }: BarsProps) {
  if (groups.length === 0) return <Empty title="No such calls in this time" />;
  const top = Math.max(measure.top, ...groups.map((group) => measure.read(group) ?? 0)) || 1;
  return (
    <ol className="bars">
      {groups.slice(0, SHOWN).map((group) => {
        const key = group.key[0]?.value ?? "";
        const value = measure.read(group) ?? 0;
        return (
          <li key={key} data-few={group.count < FEW || undefined}>
            <a href={addressOf(ranking, measure, window, key)}>
              <span className="bar-name">{ranking.name?.(key) ?? key}</span>
              <span className="bar-value">{measure.show(value)}</span>
              <span className="bar-track">
                <span className="bar" style={{ inlineSize: `${(value / top) * 100}%` }} />
              </span>
              <span className="bar-count" title={group.count < FEW ? "So few calls say little." : undefined}>
                {calls(group.count)}
              </span>
            </a>
          </li>
        );
      })}
      {groups.length > SHOWN && <li className="faint">and {count(groups.length - SHOWN)} more</li>}
    </ol>
  );
}

function addressOf({ path }: RankingOf, { id }: Measure, { since, until }: Window, key: string): string {
  const conditions: [string, string][] = [["f", `${path}:eq:${key}`]];
  if (id === "share") conditions.push(["f", "tags:isEmpty:false"]);
  return href("calls", [["since", since], ...(until ? [["until", until] as [string, string]] : []), ...conditions]);
}
