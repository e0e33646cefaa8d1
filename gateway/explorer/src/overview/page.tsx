import { CoverageLine } from "../shell/coverage";
import { href } from "../address";
import { useWarehouse } from "../shell/warehouse";
import { WindowChoice } from "../shell/window-choice";
import { Failed, Skeleton } from "../ui/panel";
import { useWindow } from "../window";
import { CallsOverTime } from "./calls-over-time";
import { Figures } from "./figures";
import { MeasureChoice, Ranking } from "./ranking";
import { RANKINGS } from "./rankings";
import { WithoutWarehouse } from "./without";

// What all calls of a window sounded like, and where it was worst. Its panels ask while it is not known yet whether
// there is a warehouse: to wait for that would take a round trip more until there is something to read.
export function OverviewPage() {
  const { phase, error, again } = useWarehouse();
  const [window] = useWindow();
  return (
    <div className="page">
      <header className="page-head">
        <h1>Overview</h1>
        <CoverageLine />
        {phase === "on" && (
          <div className="page-tools">
            <MeasureChoice />
            <WindowChoice />
          </div>
        )}
      </header>
      {phase === "unknown" && <Outline />}
      {phase === "off" && <WithoutWarehouse />}
      {phase === "failing" && error && (
        <Failed error={error} again={again}>
          <a href={href("calls")}>Calls, as Twilio lists them</a>
        </Failed>
      )}
      {(phase === "on" || phase === "unknown") && (
        <div className="outline" hidden={phase === "unknown"}>
          <Figures window={window} />
          <CallsOverTime window={window} />
          <div className="rankings">
            {RANKINGS.map((ranking) => (
              <Ranking key={ranking.id} ranking={ranking} window={window} />
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

// Where everything will stand.
function Outline() {
  return (
    <div className="outline" role="status" aria-label="Loading">
      <div className="panel figures-space" />
      <div className="panel chart-space" />
      <div className="rankings">
        {RANKINGS.map(({ id }) => (
          <div key={id} className="panel">
            <Skeleton lines={6} />
          </div>
        ))}
      </div>
    </div>
  );
}
