import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import type { CoverageDetailsFragment } from "../generated/graphql";
import { since } from "../format";
import { useNow } from "../ui/now";
import { Facts, Time } from "../ui/values";
import { useWarehouse } from "./warehouse";

// What the figures are made of, always in sight: from when on it is whole, and how far behind Twilio.
export function CoverageLine() {
  const { phase, coverage } = useWarehouse();
  if (phase === "unknown") return null;
  if (phase !== "on" || !coverage) {
    return (
      <span className="coverage" data-tone={phase === "off" ? "plain" : "warning"}>
        {phase === "off" ? "No warehouse: lists alone" : "The warehouse does not answer"}
      </span>
    );
  }
  return (
    <DialogTrigger>
      <Button className="coverage" data-tone={coverage.isWhole ? "good" : "warning"}>
        <Words coverage={coverage} />
      </Button>
      <Popover className="popover" placement="bottom start">
        <Dialog className="coverage-details" aria-label="Coverage">
          <Details coverage={coverage} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Words({ coverage: { from, until, isWhole, gaps } }: { coverage: CoverageDetailsFragment }) {
  const now = useNow();
  if (!from || !until) return <>Nothing is known yet: the warehouse is being filled</>;
  const behind = behindOf(now - Date.parse(until));
  return (
    <>
      {isWhole ? "Whole" : `${gaps.length} ${gaps.length === 1 ? "gap" : "gaps"}`} from <Time iso={from} style="day" />;{" "}
      {behind} behind Twilio
    </>
  );
}

function behindOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function Details({ coverage: { from, until, syncedAt, gaps } }: { coverage: CoverageDetailsFragment }) {
  const now = useNow();
  return (
    <>
      <p>Every call that ended in this time, and that is complete at Twilio, counts in the figures.</p>
      <Facts
        facts={[
          ["From", <Time key="from" iso={from} />],
          ["Until", <Time key="until" iso={until} />],
          ["Synchronised", syncedAt ? since(Date.parse(syncedAt), now) : "never"],
          ...gaps.map(
            (gap, place) =>
              [
                `Gap ${place + 1}`,
                <>
                  <Time iso={gap.from} /> to <Time iso={gap.until} />
                </>,
              ] as [string, React.ReactNode],
          ),
        ]}
      />
    </>
  );
}
