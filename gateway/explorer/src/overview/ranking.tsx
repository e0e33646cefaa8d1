import { memo, useMemo } from "react";
import { RankingDocument, type RankingQuery, type SoundFragment } from "../generated/graphql";
import { useRefresh } from "../shell/warehouse";
import { useAsked } from "../ui/asked";
import { Choice } from "../ui/choice";
import { Answer, Panel, Skeleton } from "../ui/panel";
import { useParameter } from "../use-address";
import { isThere, TAGGED, type Window, whereBefore, whereOf } from "../window";
import { Bars } from "./bars";
import { FIELDS, type GroupsOf, isMany, keyOf, type Measure, MEASURES, type RankingOf } from "./rankings";

const useMeasure = (): [Measure, (id: string) => void] => {
  const [id, change] = useParameter("by", "share");
  return [MEASURES.find((one) => one.id === id) ?? (MEASURES[0] as Measure), change];
};

export function MeasureChoice() {
  const [measure, change] = useMeasure();
  const options = MEASURES.map(({ id, name }) => ({ id, name: `Worst by: ${name}` }));
  return <Choice label="Worst by" value={measure.id} onChange={change} options={options} isLabelHidden />;
}

interface RankingProps {
  ranking: RankingOf;
  window: Window;
}

// The worst groups of one kind; a row leads to the calls of its group.
export const Ranking = memo(({ ranking: { id, label, groups }, window }: RankingProps) => {
  const [chosen, choose] = useParameter(id, groups[0].id);
  const shown = groups.find((one) => one.id === chosen) ?? groups[0];
  const options = groups.map((one) => ({ id: one.id, name: one.choice }));
  const choice = <Choice label={label} value={shown.id} onChange={choose} options={options} isLabelHidden />;
  return <Groups key={shown.id} shown={shown} window={window} choice={choice} />;
});

interface GroupsProps {
  shown: GroupsOf;
  window: Window;
  choice: React.ReactNode;
}

function Groups({ shown, window, choice }: GroupsProps) {
  const [measure] = useMeasure();
  const variables = useMemo(() => variablesOf(shown, window), [window, shown]);
  const asked = useAsked(RankingDocument, variables, false, useRefresh());
  const note = `${measure.name}, the worst first; the mark shows all calls`;
  return (
    <Panel title={shown.title} note={note} question={asked} actions={choice} className="ranking">
      <Answer asked={asked} skeleton={<Skeleton lines={12} />}>
        {({ now, before }) => (
          <Bars
            groups={worst(now.groups, measure)}
            before={groupsBefore(before, window)}
            ofAll={measure.read(now.total)}
            measure={measure}
            shown={shown}
            window={window}
          />
        )}
      </Answer>
    </Panel>
  );
}

function variablesOf({ fields, edge }: GroupsOf, window: Window) {
  const before = whereBefore(window);
  return {
    where: whereOf(window),
    before: before ?? whereOf(window),
    isCompared: before !== undefined,
    by: fields.map(([field]) => ({ field })),
    tagged: TAGGED,
    first: 100,
    ...FIELDS[edge],
  };
}

// By key; none where the warehouse has but a part of that window.
function groupsBefore(before: RankingQuery["before"], window: Window): Map<string, SoundFragment> {
  if (!before || !isThere(before.coverage, window)) return new Map();
  return new Map(before.groups.filter(isMany).map((group) => [keyOf(group), group]));
}

// Groups of few calls come behind the others: their figures say little.
function worst(groups: SoundFragment[], { read, isGoodWhenHigh }: Measure): SoundFragment[] {
  const known = groups.filter((group) => keyOf(group) && read(group) !== null);
  const badness = (group: SoundFragment) => (read(group) ?? 0) * (isGoodWhenHigh ? -1 : 1);
  return known.sort((one, other) => Number(isMany(other)) - Number(isMany(one)) || badness(other) - badness(one));
}
