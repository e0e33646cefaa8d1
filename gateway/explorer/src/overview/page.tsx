import { CoverageLine } from "../shell/coverage";
import { useWarehouse } from "../shell/warehouse";
import { Choice } from "../ui/choice";
import { Failed, Skeleton } from "../ui/panel";
import { isAge, useWindow, WINDOWS } from "../window";
import { CallsOverTime } from "./calls-over-time";
import { Figures } from "./figures";
import { MeasureChoice, RANKINGS, Ranking } from "./ranking";
import { WithoutWarehouse } from "./without";

// What all calls of a window sounded like, and where it was worst.
export function OverviewPage() {
  const { phase, error } = useWarehouse();
  const [window, change] = useWindow();
  const options = isAge(window.since) ? WINDOWS : [...WINDOWS, { id: window.since, name: "The chosen time" }];
  return (
    <div className="page">
      <header className="page-head">
        <h1>Overview</h1>
        <CoverageLine />
        <div className="page-tools">
          {phase === "on" && <MeasureChoice />}
          <Choice label="Window" value={window.since} onChange={change} options={options} isLabelHidden />
        </div>
      </header>
      {phase === "unknown" && <Skeleton lines={8} />}
      {phase === "off" && <WithoutWarehouse />}
      {phase === "failing" && error && <Failed error={error} />}
      {phase === "on" && (
        <>
          <Figures window={window} />
          <CallsOverTime window={window} />
          <div className="rankings">
            {RANKINGS.map((ranking) => (
              <Ranking key={ranking.by} ranking={ranking} window={window} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}
