import { time } from "../format";
import { Choice } from "../ui/choice";
import { useWindow, useZone } from "../use-address";
import { isAge, WINDOWS } from "../window";

// The window: one of a few, or the one that the address names.
export function WindowChoice() {
  const [zone] = useZone();
  const [{ since, until }, change] = useWindow();
  const own = until
    ? `${time(since, zone, "slice")} – ${time(until, zone, "clock")}`
    : isAge(since)
      ? `Last ${since}`
      : `Since ${time(since, zone, "slice")}`;
  const isOwn = Boolean(until) || !WINDOWS.some(({ id }) => id === since);
  const options = isOwn ? [{ id: "own", name: own }, ...WINDOWS] : WINDOWS;
  return <Choice label="Window" value={isOwn ? "own" : since} onChange={change} options={options} isLabelHidden />;
}
