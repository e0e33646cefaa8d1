import { CoverageLine } from "../shell/coverage";
import { href } from "../address";
import { useWarehouse } from "../shell/warehouse";
import { WindowChoice } from "../shell/window-choice";
import { Failed } from "../ui/panel";
import { useWindow } from "../use-address";
import { CallsOverTime } from "./calls-over-time";
import { Figures } from "./figures";
import { Later } from "../ui/later";
import { MeasureChoice, Ranking } from "./ranking";
import { RANKINGS } from "./rankings";
import { WithoutWarehouse } from "./without";

// What all calls of a window sounded like, and where it was worst. Its panels ask while it is not known yet whether
// there is a warehouse: to wait for that would take a round trip more until there is something to read.
export function OverviewPage() {
  const { phase, error, again } = useWarehouse();
  const [window] = useWindow();
  const mayHaveFigures = phase === "on" || phase === "unknown";
  return (
    <div className="page">
      <header className="page-head">
        <h1>Overview</h1>
        <CoverageLine />
        {mayHaveFigures && (
          <div className="page-tools">
            <MeasureChoice />
            <WindowChoice />
          </div>
        )}
      </header>
      {phase === "off" && <WithoutWarehouse />}
      {phase === "failing" && error && (
        <Failed error={error} again={again}>
          <a href={href("calls")}>Calls, as Twilio lists them</a>
        </Failed>
      )}
      {mayHaveFigures && (
        <div className="outline">
          <Figures window={window} />
          <CallsOverTime window={window} />
          <Later>
            <div className="rankings">
              {RANKINGS.map((ranking) => (
                <Ranking key={ranking.id} ranking={ranking} window={window} />
              ))}
            </div>
          </Later>
        </div>
      )}
    </div>
  );
}
