import { OWN_ZONE } from "../format";
import { Choice } from "../ui/choice";
import { useZone } from "../use-address";

const ZONES = [...new Set([OWN_ZONE, "UTC"])];

// In whose hours moments are told. The address may name any other zone.
export function ZoneSelect() {
  const [zone, change] = useZone();
  const zones = [...new Set([...ZONES, zone])];
  const options = zones.map((one) => ({ id: one, name: one === "UTC" ? "UTC" : one.replaceAll("_", " ") }));
  return <Choice label="Time zone" value={zone} onChange={change} options={options} isLabelHidden />;
}
