import { useWarehouse } from "../shell/warehouse";
import { messageOf } from "../ui/asked";
import { Notice, Skeleton } from "../ui/panel";
import { CallList } from "./list";
import { CallSearch } from "./search";

// A search where there is a warehouse, and a list as Twilio has it where there is none.
export function CallsPage() {
  const { phase, error } = useWarehouse();
  if (phase === "unknown") {
    return (
      <div className="page">
        <h1>Calls</h1>
        <Skeleton lines={12} />
      </div>
    );
  }
  if (phase === "on") return <CallSearch />;
  return (
    <CallList>
      {phase === "failing" && error && <Notice>This is Twilio's list meanwhile. {messageOf(error)}</Notice>}
    </CallList>
  );
}
