import type { ReactNode } from "react";
import { isMasked, NOTHING, spelled, type TimeStyle, time, utc } from "../format";
import { useZone } from "../use-address";
import { Icon } from "./icon";

// A moment in the reader's zone; in UTC on hover.
export function Time({ iso, style }: { iso: string | null | undefined; style?: TimeStyle }) {
  const [zone] = useZone();
  if (!iso) return <>{NOTHING}</>;
  return (
    <time dateTime={iso} title={utc(iso)}>
      {time(iso, zone, style)}
    </time>
  );
}

// Personal data, or what is left of it for a reader who may not see it.
export function Personal({ value }: { value: string | null | undefined }) {
  if (!value) return <>{NOTHING}</>;
  if (!isMasked(value)) return <span className="number">{value.replace(/^client:/, "")}</span>;
  return (
    <span className="number masked" title="Masked: your token has not the scope pii:read.">
      <Icon name="lock" size={12} />
      {value}
      <span className="only-read">(masked: it takes the scope pii:read)</span>
    </span>
  );
}

export type Tone = "critical" | "warning" | "good" | "info" | "plain";

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}

const STATES: Record<string, Tone> = { COMPLETED: "good", ANSWERED: "info", RINGING: "info", FAIL: "critical" };

export const State = ({ state }: { state: string | null | undefined }) => (
  <Badge tone={STATES[state ?? ""] ?? "plain"}>{spelled(state)}</Badge>
);

const IN_SHORT: Record<string, string> = {
  HIGH_JITTER: "Jitter",
  HIGH_LATENCY: "Latency",
  HIGH_PACKET_LOSS: "Loss",
  HIGH_PDD: "Post-dial delay",
  ICE_FAILURE: "ICE",
  LOW_MOS: "MOS",
  PSTN_SHORT_DURATION: "Short",
};

const FIRST = 2; // for which a row of a table has room

export function TagsInShort({ tags, first = FIRST }: { tags: readonly string[]; first?: number }) {
  if (tags.length === 0) return <span className="faint">None</span>;
  const all = tags.map(spelled).join(", ");
  return (
    <span className="tags" title={all}>
      {tags.slice(0, first).map((tag) => (
        <Badge key={tag} tone="critical">
          {IN_SHORT[tag] ?? spelled(tag)}
        </Badge>
      ))}
      {tags.length > first && <Badge>+{tags.length - first}</Badge>}
    </span>
  );
}

export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return <span className="faint">None</span>;
  return (
    <span className="tags">
      {tags.map((tag) => (
        <Badge key={tag} tone="critical">
          {spelled(tag)}
        </Badge>
      ))}
    </span>
  );
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
