import { amount, country, duration, NOTHING, spelled } from "../format";
import type { Question } from "../ui/asked";
import { Panel } from "../ui/panel";
import { Facts, Personal, Time } from "../ui/values";
import type { Call } from "./page";

const STATUSES: Record<number, string> = { 200: "OK", 404: "Not found", 486: "Busy", 487: "Cancelled", 603: "Declined" };

export function CallFacts({ call, question }: { call: Call; question: Question }) {
  const { from, to, properties } = call;
  return (
    <Panel title="Facts" question={question}>
      <Facts
        facts={[
          ["From", <Personal key="from" value={from?.caller} />],
          [from?.sdk?.type ? "Caller's SDK" : "Caller's carrier", placed(from)],
          ["To", <Personal key="to" value={to?.callee} />],
          [to?.sdk?.type ? "Called SDK" : "Called carrier", placed(to)],
          ["Direction", spelled(properties?.direction)],
          ["Type", spelled(call.type)],
          ["Started", <Time key="start" iso={call.startTime} />],
          ["Ended", <Time key="end" iso={call.endTime} />],
          ["Talked", duration(call.connectDuration)],
          ["Post-dial delay", amount(properties?.pddMs, "ms")],
          ["Queued", amount(properties?.queueTime, "ms")],
          ["SIP response", status(properties?.lastSipResponseNum)],
          ["Ended by", spelled(properties?.disconnectedBy)],
          ["Answered by", spelled(call.answeredBy)],
          ["Summary as of", <Time key="asOf" iso={call.processing.asOf} />],
        ]}
      />
    </Panel>
  );
}

function placed(party: Call["from"] | Call["to"]): string {
  if (!party) return NOTHING;
  const { carrier, sdk, countryCode, city } = party;
  const served = carrier ?? (sdk?.type && `${sdk.type} ${sdk.version ?? ""}`) ?? undefined;
  const where = [city, countryCode && country(countryCode)].filter(Boolean).join(", ");
  return [served, where].filter(Boolean).join(" · ") || NOTHING;
}

function status(code: number | null | undefined): string {
  if (!code) return NOTHING;
  return STATUSES[code] ? `${code} ${STATUSES[code]}` : String(code);
}
