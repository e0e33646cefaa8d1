import { lazy, Suspense, useEffect } from "react";
import { Empty, Skeleton } from "../ui/panel";
import { useAddress } from "../use-address";
import { VIEWS, viewIn } from "../views";
import { Boundary } from "./boundary";

const OverviewPage = lazy(async () => ({ default: (await VIEWS.overview()).OverviewPage }));
const CallsPage = lazy(async () => ({ default: (await VIEWS.calls()).CallsPage }));
const CallPage = lazy(async () => ({ default: (await VIEWS.call()).CallPage }));

const TITLES = { overview: "Overview", calls: "Calls", call: "Calls" };

// What the address names.
export function View() {
  const address = useAddress();
  const view = viewIn(address);
  const sid = address.path[1] ?? "";
  useEffect(() => {
    document.title = [sid, view && TITLES[view], "Calls explorer"].filter(Boolean).join(" · ");
    scrollTo(0, 0); // newer browsers return a promise, which is no clean-up
  }, [view, sid]);
  return (
    <Boundary key={view}>
      <Suspense fallback={<Loading />}>
        {view === "overview" && <OverviewPage />}
        {view === "calls" && <CallsPage />}
        {view === "call" && <CallPage key={sid} sid={sid} />}
      </Suspense>
      {!view && <NoSuchView />}
    </Boundary>
  );
}

const Loading = () => (
  <div className="page">
    <Skeleton lines={12} />
  </div>
);

const NoSuchView = () => (
  <Empty title="There is no such page">
    <a className="button" href="#/">
      To the start
    </a>
  </Empty>
);
