import { useState } from "react";
import { Button } from "react-aria-components";
import { href } from "../address";
import { calls } from "../format";
import type { SoundFragment } from "../generated/graphql";
import { Empty } from "../ui/panel";
import type { Window } from "../window";
import { type GroupsOf, isMany, keyOf, type Measure } from "./rankings";

const SHOWN = 6;

interface BarsProps {
  groups: SoundFragment[];
  before: Map<string, SoundFragment>;
  ofAll: number | null;
  measure: Measure;
  shown: GroupsOf;
  window: Window;
}

// A bar for each group, the worst first; beside it the number of calls, and the figure of the window before.
export function Bars({ groups, ...props }: BarsProps) {
  const [isWhole, showAll] = useState(false);
  if (groups.length === 0) return <Empty title="No such calls in this time" />;
  const { measure, ofAll } = props;
  const top = Math.max(measure.top, ofAll ?? 0, ...groups.map((group) => measure.read(group) ?? 0)) || 1;
  const shown = isWhole ? groups : groups.slice(0, SHOWN);
  return (
    <>
      <ol className="bars">
        {shown.map((group) => (
          <One key={keyOf(group)} group={group} top={top} {...props} />
        ))}
      </ol>
      {groups.length > SHOWN && (
        <Button className="button quiet" aria-expanded={isWhole} onPress={() => showAll(!isWhole)}>
          {isWhole ? "Show the worst alone" : `Show all ${groups.length}`}
        </Button>
      )}
    </>
  );
}

interface OneProps extends Omit<BarsProps, "groups"> {
  group: SoundFragment;
  top: number;
}

function One({ group, top, before, ofAll, measure, shown, window }: OneProps) {
  const key = keyOf(group);
  const value = measure.read(group) ?? 0;
  const many = isMany(group);
  const earlier = before.get(key);
  const then = earlier && measure.read(earlier);
  const at = (of: number) => `${(of / top) * 100}%`;
  return (
    <li data-few={!many || undefined}>
      <a href={addressOf(shown, measure, window, group)}>
        <span className="bar-name" title={key}>
          {shown.name?.(key) ?? key}
        </span>
        <span className="bar-value">{measure.show(value)}</span>
        <span className="bar-track">
          <span className="bar" data-bad={(many && ofAll !== null && measure.isBad(value, ofAll)) || undefined} style={{ inlineSize: at(value) }} />
          {ofAll !== null && <i className="bar-mark" style={{ insetInlineStart: at(ofAll) }} />}
        </span>
        <span className="bar-count" title={many ? undefined : "So few calls say little."}>
          {calls(group.count)}
          {then != null && `, ${measure.show(then)} before`}
        </span>
      </a>
    </li>
  );
}

function addressOf({ fields }: GroupsOf, { id }: Measure, { since, until }: Window, { key }: SoundFragment): string {
  const conditions = fields.flatMap(([, path], place): [string, string][] => {
    const value = key[place]?.value;
    return value == null ? [] : [["f", `${path}:eq:${value}`]];
  });
  if (id === "share") conditions.push(["f", "tags:isEmpty:false"]);
  return href("calls", [["since", since], ...(until ? [["until", until] as [string, string]] : []), ...conditions]);
}
