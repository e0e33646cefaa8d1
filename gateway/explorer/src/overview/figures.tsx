import { memo, useMemo } from "react";
import { amount, decimal, duration, share, whole } from "../format";
import { FiguresDocument, type FigureValuesFragment } from "../generated/graphql";
import { useRefresh } from "../shell/warehouse";
import { useAsked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { Answer } from "../ui/panel";
import { QueryButton } from "../ui/query";
import { isThere, type Window, WINDOWS, whereBefore } from "../window";
import { figureVariables } from "./figure-variables";

type Values = FigureValuesFragment;

interface Figure {
  name: string;
  read: (values: Values) => number | null;
  show: (value: number | null) => string;
  change: (now: number, before: number) => string;
  better?: "more" | "less";
}

const relative = (now: number, before: number) =>
  now > 5 * before ? `${decimal(now / before)}-fold` : `${decimal(Math.abs(now / before - 1) * 100)}\u202f%`;
const points = (now: number, before: number) => `${decimal(Math.abs(now - before) * 100)} points`;
const plain = (now: number, before: number) => decimal(Math.abs(now - before));

const FIGURES: Figure[] = [
  { name: "Calls", read: ({ count: all }) => all, show: (value) => whole.format(value ?? 0), change: relative },
  { name: "Carry a tag", read: ({ tagged }) => tagged, show: share, change: points, better: "less" },
  { name: "Answered", read: ({ answered }) => answered, show: share, change: points, better: "more" },
  { name: "Average talk", read: (values) => values.duration.avg, show: duration, change: relative },
  {
    name: "Post-dial delay, median",
    read: (values) => values.dialling.quantile,
    show: (value) => amount(value, "ms"),
    change: relative,
    better: "less",
  },
  { name: "MOS (SDK)", read: ({ mos }) => mos.avg, show: (value) => amount(value, ""), change: plain, better: "more" },
];

// The figures of the window, each beside that of the window before.
export const Figures = memo(({ window }: { window: Window }) => {
  const variables = useMemo(() => figureVariables(window), [window]);
  const asked = useAsked(FiguresDocument, variables, false, useRefresh());
  return (
    <section className="figures" aria-label="Figures">
      <Answer asked={asked} skeleton={<div className="panel figures-space" role="status" aria-label="Loading" />}>
        {({ now, before: earlier }) => {
          const isWhole = whereBefore(window) !== undefined && isThere(earlier.coverage, window);
          return (
            <>
              <ul>
                {FIGURES.map((figure) => (
                  <Tile key={figure.name} figure={figure} now={now.total} before={isWhole ? earlier.total : undefined} />
                ))}
              </ul>
              <p className="figures-note">{noteOf(window, isWhole)}</p>
            </>
          );
        }}
      </Answer>
      <QueryButton title="Figures" question={asked} />
    </section>
  );
});

function noteOf(window: Window, isCompared: boolean): string {
  if (!isCompared) return "The warehouse does not have the time before as a whole, so there is nothing to compare with.";
  const name = WINDOWS.find(({ id }) => id === window.since)?.name.replace("Last ", "");
  return `Compared with ${name ? `the ${name} before` : "as long a time before"}.`;
}

function Tile({ figure, now, before }: { figure: Figure; now: Values; before: Values | undefined }) {
  const value = figure.read(now);
  const earlier = before && before.count > 0 ? figure.read(before) : null;
  return (
    <li>
      <span className="figure-name">{figure.name}</span>
      <strong>{figure.show(value)}</strong>
      {value !== null && earlier !== null && <Change figure={figure} now={value} before={earlier} />}
    </li>
  );
}

function Change({ figure: { change, better, show }, now, before }: { figure: Figure; now: number; before: number }) {
  const text = before === 0 && change === relative ? "" : change(now, before);
  if (now === before || /^0\b(?!\.)/.test(text)) return <span className="faint">as before</span>;
  const isMore = now > before;
  const tone = better && (isMore === (better === "more") ? "good" : "critical");
  return (
    <span className="change" data-tone={tone} data-more={isMore || undefined}>
      <Icon name="arrow" size={12} />
      <span className="only-read">{isMore ? "more by" : "less by"}</span>
      {text || "new"}
      <span className="faint">before: {show(before)}</span>
    </span>
  );
}
