import { scaleBand, scaleLinear } from "@visx/scale";
import { Bar } from "@visx/shape";
import { useRef, useState } from "react";
import { href } from "../address";
import { calls, count, share, time } from "../format";
import { useWidth } from "../ui/size";
import { useZone } from "../use-address";

export interface Slice {
  start: number;
  end: number;
  count: number;
  tagged: number;
}

const HEIGHT = 260;
const STRIP = 62; // below it, the share of each slice
const EDGE = { left: 44, right: 4, top: 12, bottom: 28 };
const LABEL = 76; // pixels that a label of the axis needs

// A bar for each slice of time, which leads to its calls. One tab stop: the arrows go from bar to bar.
export function SliceChart({ slices }: { slices: Slice[] }) {
  const [measure, width] = useWidth();
  const [zone] = useZone();
  const [at, point] = useState<number>();
  const bars = useRef<(HTMLAnchorElement | null)[]>([]);
  const xs = scaleBand({
    domain: slices.map(({ start }) => start),
    range: [EDGE.left, Math.max(EDGE.left, width - EDGE.right)],
    padding: 0.22,
  });
  const ys = scaleLinear({
    domain: [0, Math.max(4, ...slices.map((slice) => slice.count))],
    range: [HEIGHT - EDGE.bottom, EDGE.top],
    nice: 4,
  });
  const base = HEIGHT - EDGE.bottom;
  const shares = scaleLinear({ domain: [0, highest(slices)], range: [HEIGHT + STRIP, HEIGHT + 22] });
  const each = Math.max(1, Math.ceil(LABEL / xs.step()));
  const isLong = (slices.at(-1)?.start ?? 0) - (slices[0]?.start ?? 0) > 36 * 3_600_000;
  const reachable = at ?? slices.length - 1;

  function move(event: React.KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    bars.current[Math.min(slices.length - 1, Math.max(0, reachable + step))]?.focus();
  }

  return (
    <div className="chart" ref={measure} onMouseLeave={() => point(undefined)}>
      {width > 0 && (
        <svg width={width} height={HEIGHT + STRIP + 4} role="group" aria-label="Calls over time" onKeyDown={move}>
          {ys.ticks(4).map((tick) => (
            <g key={tick} className="rule">
              <line x1={EDGE.left} x2={width - EDGE.right} y1={ys(tick)} y2={ys(tick)} />
              <text x={EDGE.left - 10} y={ys(tick)} dy="0.32em" textAnchor="end">
                {count(tick)}
              </text>
            </g>
          ))}
          {slices.map((slice, place) => {
            const x = xs(slice.start) ?? 0;
            return (
              <a
                key={slice.start}
                ref={(element) => {
                  bars.current[place] = element;
                }}
                href={addressOf(slice)}
                tabIndex={place === reachable ? 0 : -1}
                className="slice"
                data-at={place === at || undefined}
                aria-label={`${time(slice.start, zone, "slice")}: ${wordsOf(slice)}`}
                onMouseEnter={() => point(place)}
                onFocus={() => point(place)}
              >
                <rect className="slice-area" x={x - xs.step() * 0.11} y={EDGE.top} width={xs.step()} height={HEIGHT + STRIP - EDGE.top} />
                <Bar x={x} y={ys(slice.count)} width={xs.bandwidth()} height={base - ys(slice.count)} rx={2} data-series="other" />
                <Bar x={x} y={ys(slice.tagged)} width={xs.bandwidth()} height={base - ys(slice.tagged)} rx={2} data-series="tagged" />
                {slice.count > 0 && (
                  <circle className="slice-share" cx={x + xs.bandwidth() / 2} cy={shares(slice.tagged / slice.count)} r={3} data-series="tagged" />
                )}
              </a>
            );
          })}
          <line className="base" x1={EDGE.left} x2={width - EDGE.right} y1={base} y2={base} />
          <g className="share-scale">
            <text x={EDGE.left} y={HEIGHT + 14}>
              Share with a tag
            </text>
            {[0, highest(slices)].map((tick) => (
              <g key={tick} className="rule">
                <line x1={EDGE.left} x2={width - EDGE.right} y1={shares(tick)} y2={shares(tick)} />
                <text x={EDGE.left - 10} y={shares(tick)} dy="0.32em" textAnchor="end">
                  {share(tick)}
                </text>
              </g>
            ))}
          </g>
          {labelsOf(slices, each, (start) => time(start, zone, isLong ? "day" : "clock")).map(
            ({ start, text }) =>
              (xs(start) ?? 0) < width - LABEL / 2 && (
                <text key={start} className="label" x={(xs(start) ?? 0) + xs.bandwidth() / 2} y={HEIGHT - 8} textAnchor="middle">
                  {text}
                </text>
              ),
          )}
        </svg>
      )}
      {at !== undefined && slices[at] && <Hint slice={slices[at]} x={xs(slices[at].start) ?? 0} width={width} />}
    </div>
  );
}

// Of the scale of shares: the next tenth.
const highest = (slices: Slice[]) =>
  Math.max(0.1, Math.ceil(Math.max(...slices.map((slice) => (slice.count ? slice.tagged / slice.count : 0))) * 10) / 10);

// One for every few slices, and each day once.
function labelsOf(slices: Slice[], each: number, name: (start: number) => string): { start: number; text: string }[] {
  const labels = slices.filter((_, place) => place % each === 0).map(({ start }) => ({ start, text: name(start) }));
  return labels.filter(({ text }, place) => text !== labels[place - 1]?.text);
}

function Hint({ slice, x, width }: { slice: Slice; x: number; width: number }) {
  const [zone] = useZone();
  return (
    <div className="hint" style={{ insetInlineStart: Math.min(Math.max(x - 70, 0), Math.max(0, width - 180)) }} aria-hidden="true">
      <strong>
        {time(slice.start, zone, "slice")} – {time(slice.end, zone, "clock")}
      </strong>
      <span>{wordsOf(slice)}</span>
    </div>
  );
}

const wordsOf = ({ count: all, tagged }: Slice) =>
  all === 0 ? "no calls" : `${calls(all)}, ${tagged} with a tag (${share(tagged / all)})`;

const addressOf = ({ start, end }: Slice) =>
  href("calls", [
    ["since", new Date(start).toISOString()],
    ["until", new Date(end).toISOString()],
  ]);
