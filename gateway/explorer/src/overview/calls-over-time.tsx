import { memo, useMemo } from "react";
import { exactly, share } from "../format";
import { CallsOverTimeDocument } from "../generated/graphql";
import { useRefresh } from "../shell/warehouse";
import { useAsked } from "../ui/asked";
import { Answer, Empty, Panel } from "../ui/panel";
import { useZone } from "../use-address";
import { minutesOf, sliceOf, TAGGED, type Window, whereOf } from "../window";
import { type Slice, SliceChart } from "./slice-chart";

export const CallsOverTime = memo(({ window }: { window: Window }) => {
  const [zone] = useZone();
  const every = sliceOf(window);
  const variables = useMemo(
    () => ({ where: whereOf(window), slice: { every, timeZone: zone }, tagged: TAGGED }),
    [window, every, zone],
  );
  const asked = useAsked(CallsOverTimeDocument, variables, false, useRefresh());
  const total = asked.data?.callStatistics.total;
  const note = total && total.count > 0 && `${exactly(total.count)}, ${share(total.share)} of them with a tag. Click a bar for its calls.`;
  return (
    <Panel title="Calls over time" note={note} question={asked} actions={<Legend />}>
      <Answer asked={asked} skeleton={<div className="chart-space" role="status" aria-label="Loading" />}>
        {({ callStatistics: { groups, total: { count }, coverage } }) =>
          count === 0 ? (
            <Empty title={coverage.from ? "No call ended in this time" : "The warehouse has nothing of this time"} />
          ) : (
            <SliceChart slices={groups.map((group) => sliceFrom(group, minutesOf(every)))} />
          )
        }
      </Answer>
    </Panel>
  );
});

interface Group {
  key: { value: string | null }[];
  count: number;
  countWhere: number;
}

function sliceFrom({ key, count, countWhere }: Group, minutes: number): Slice {
  const start = Date.parse(key[0]?.value ?? "");
  return { start, end: start + minutes * 60_000, count, tagged: countWhere };
}

function Legend() {
  return (
    <ul className="legend">
      <li>
        <i data-series="tagged" /> With a tag
      </li>
      <li>
        <i data-series="other" /> Without
      </li>
    </ul>
  );
}
