import { scaleLinear, scaleTime } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { useState } from "react";
import { amount, decimal, time } from "../format";
import { useWidth } from "../ui/size";
import { useZone } from "../use-address";
import type { Happening, Line, Point, Row, Warning } from "./timeline-data";

const ROW = 100;
const GAP = 18;
const EDGE = { left: 46, right: 12, top: 26 };
const TRACK = 22; // for a warning, one below the other

interface TimelineChartProps {
  rows: Row[];
  warnings: Warning[];
  events: Happening[];
  start: number;
  end: number;
}

// A row for each measurement over one axis of time; below them the warnings and events.
export function TimelineChart({ rows, warnings, events, start, end }: TimelineChartProps) {
  const [measure, width] = useWidth();
  const [zone] = useZone();
  const [at, point] = useState<number>();
  const xs = scaleTime({ domain: [start, end], range: [EDGE.left, Math.max(EDGE.left + 1, width - EDGE.right)] });
  const under = rows.length * (ROW + GAP) + 8;
  const height = under + (warnings.length ? warnings.length * TRACK + 10 : 0) + 38 + 26;
  function follow(event: React.MouseEvent<SVGSVGElement>) {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    point(x >= EDGE.left ? xs.invert(x).getTime() : undefined);
  }
  return (
    <div className="chart timeline" ref={measure} onMouseLeave={() => point(undefined)}>
      <Legend rows={rows} events={events} />
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={wordsOf(rows, warnings, events)} onMouseMove={follow}>
          {rows.map((row, place) => (
            <Measured key={row.name} row={row} top={place * (ROW + GAP)} width={width} xs={xs} />
          ))}
          {warnings.map(({ name, from, until }, place) => (
            <g key={place} className="warned" transform={`translate(0 ${under + place * TRACK})`}>
              <rect x={xs(from)} width={Math.max(3, xs(until) - xs(from))} height={TRACK - 4} rx={3} />
              <text x={Math.min(xs(from) + 8, width - EDGE.right - 110)} y={TRACK / 2 + 2}>
                {name}
              </text>
            </g>
          ))}
          <g transform={`translate(0 ${height - 40})`}>
            <line className="base" x1={EDGE.left} x2={width - EDGE.right} />
            {namedEvents(events, xs).map(({ x, name }) => (
              <text key={x} className="event-name" x={Math.min(x, width - EDGE.right)} y={-10} textAnchor={x > width - 90 ? "end" : "middle"}>
                {name}
              </text>
            ))}
            {events.map(({ timestamp, level, name, group }, place) => (
              <circle key={place} className="event" data-level={level} cx={xs(Date.parse(timestamp ?? ""))} r={4.5}>
                <title>{`${time(timestamp ?? 0, zone, "seconds")} ${group} ${name}`}</title>
              </circle>
            ))}
          </g>
          {xs.ticks(Math.max(2, Math.floor(width / 120))).map((tick) => (
            <text key={tick.getTime()} className="label" x={xs(tick)} y={height - 8} textAnchor="middle">
              {time(tick.getTime(), zone, "seconds")}
            </text>
          ))}
          {at !== undefined && <line className="cross" x1={xs(at)} x2={xs(at)} y1={0} y2={height - 40} />}
        </svg>
      )}
      {at !== undefined && <Hint rows={rows} at={at} x={xs(at)} width={width} />}
    </div>
  );
}

interface MeasuredProps {
  row: Row;
  top: number;
  width: number;
  xs: (at: number) => number;
}

function Measured({ row: { name, unit, threshold, range, lines }, top, width, xs }: MeasuredProps) {
  const highest = Math.max(threshold * 1.25, ...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  const ys = scaleLinear({ domain: range ?? [0, highest], range: [ROW, EDGE.top], nice: range ? false : 3 });
  return (
    <g transform={`translate(0 ${top})`}>
      <text className="row-name" x={0} y={10}>
        {name}
        {unit && <tspan className="row-unit">, {unit}</tspan>}
      </text>
      {ys.ticks(3).map((tick) => (
        <g key={tick} className="rule">
          <line x1={EDGE.left} x2={width - EDGE.right} y1={ys(tick)} y2={ys(tick)} />
          <text x={EDGE.left - 10} y={ys(tick)} dy="0.32em" textAnchor="end">
            {decimal(tick)}
          </text>
        </g>
      ))}
      <line className="threshold" x1={EDGE.left} x2={width - EDGE.right} y1={ys(threshold)} y2={ys(threshold)} />
      <text className="threshold-name" x={width - EDGE.right} y={12} textAnchor="end">
        threshold {amount(threshold, unit)}
      </text>
      {lines.map(({ series, points }) => (
        <g key={series} data-series={series}>
          <LinePath<Point> data={points} x={({ at }) => xs(at)} y={({ value }) => ys(value)} className="line" />
          {points.length === 1 && points[0] && <circle className="dot" cx={xs(points[0].at)} cy={ys(points[0].value)} r={3} />}
        </g>
      ))}
    </g>
  );
}

const seriesOf = (rows: Row[]): Line[] => [
  ...new Map(rows.flatMap(({ lines }) => lines.map((line) => [line.series, line] as const))).values(),
];

const NAME = 130; // pixels that the name of an event may need
const LEVELS: [level: string, words: string][] = [
  ["ERROR", "Error"],
  ["WARNING", "Warning"],
  ["INFO", "Other event"],
];

const levelOf = ({ level }: Happening) => (level === "ERROR" || level === "WARNING" ? level : "INFO");

// Errors and warnings have their names beside them, as far as there is room.
function namedEvents(events: Happening[], xs: (at: number) => number): { x: number; name: string }[] {
  const named: { x: number; name: string }[] = [];
  for (const event of events) {
    const x = xs(Date.parse(event.timestamp ?? ""));
    if (levelOf(event) === "INFO" || named.some((one) => Math.abs(one.x - x) < NAME)) continue;
    named.push({ x, name: [event.group, event.name].filter(Boolean).join(" ") });
  }
  return named;
}

function Legend({ rows, events }: { rows: Row[]; events: Happening[] }) {
  return (
    <ul className="legend">
      {seriesOf(rows).map(({ series, name }) => (
        <li key={series}>
          <i data-series={series} /> {name}
        </li>
      ))}
      {LEVELS.filter(([level]) => events.some((event) => levelOf(event) === level)).map(([level, words]) => (
        <li key={level}>
          <i className="event" data-level={level} /> {words}
        </li>
      ))}
    </ul>
  );
}

const NEAR = 8_000; // milliseconds: samples are ten seconds apart

function Hint({ rows, at, x, width }: { rows: Row[]; at: number; x: number; width: number }) {
  const [zone] = useZone();
  const found = rows.flatMap(({ name, unit, lines }) =>
    lines.flatMap((line) => {
      const near = line.points.find((one) => Math.abs(one.at - at) < NEAR);
      return near ? [{ key: `${name}-${line.series}`, series: line.series, name, value: amount(near.value, unit) }] : [];
    }),
  );
  const side = x > width / 2 ? { insetInlineEnd: width - x + 12 } : { insetInlineStart: x + 12 };
  return (
    <div className="hint" style={side} aria-hidden="true">
      <strong>{time(at, zone, "seconds")}</strong>
      {found.map(({ key, series, name, value }) => (
        <span key={key} className="hint-line">
          <i data-series={series} /> {name} <b>{value}</b>
        </span>
      ))}
    </div>
  );
}

function wordsOf(rows: Row[], warnings: Warning[], events: Happening[]): string {
  const measured = rows.map(({ name, unit, threshold, isBadBelow, lines }) => {
    const values = lines.flatMap(({ points }) => points.map(({ value }) => value));
    const worst = isBadBelow ? Math.min(...values) : Math.max(...values);
    return `${name}: at worst ${amount(worst, unit)}, the threshold is ${amount(threshold, unit)}.`;
  });
  return [...measured, `${warnings.length} warnings and ${events.length} events.`].join(" ");
}
