import { useState } from "react";
import { Button } from "react-aria-components";
import { decimal, spelled, suspect } from "../format";
import type { Question } from "../ui/asked";
import { Icon, type IconName } from "../ui/icon";
import { Panel } from "../ui/panel";
import { HAS_GRAPHIQL } from "../ui/snippets";
import { Badge, type Tone } from "../ui/values";
import type { Call } from "./page";
import { EDGES } from "./route";

type Finding = Call["diagnosis"]["findings"][number];

const LOOKS: Record<Finding["severity"], { icon: IconName; tone: Tone }> = {
  CRITICAL: { icon: "critical", tone: "critical" },
  WARNING: { icon: "alert", tone: "warning" },
  INFO: { icon: "info", tone: "plain" },
};

const AT_FIRST = 5; // findings, the most severe ones

export const sideOf = (side: "CALLER" | "CALLEE") => (side === "CALLER" ? "the caller" : "the called party");

// Who is to blame, and what speaks for it.
export function Findings({ call, question }: { call: Call; question: Question }) {
  const { suspects, findings } = call.diagnosis;
  const [isWhole, showAll] = useState(false);
  const shown = isWhole || findings.length <= AT_FIRST + 1 ? findings : findings.slice(0, AT_FIRST);
  return (
    <Panel title="Diagnosis" note={noteOf(call)} question={question} className="findings">
      {suspects.length > 0 && (
        <ol className="suspects" aria-label="Suspects, the likeliest first">
          {suspects.map(({ where, findings: evidence }, place) => (
            <li key={where} data-first={place === 0 || undefined}>
              <span className="suspect-place">{place === 0 ? "Likeliest suspect" : "Also possible"}</span>
              <strong>{suspect(where)}</strong>
              <span className="suspect-evidence">
                {evidence.length} {evidence.length === 1 ? "finding speaks" : "findings speak"} for it
              </span>
            </li>
          ))}
        </ol>
      )}
      <ul className="finding-list">
        {shown.map((finding, place) => (
          <One key={place} finding={finding} isRepeated={shown.findIndex(({ advice }) => advice === finding.advice) < place} />
        ))}
      </ul>
      {shown.length < findings.length && (
        <Button className="button" onPress={() => showAll(true)}>
          Show all {findings.length} findings
        </Button>
      )}
    </Panel>
  );
}

function noteOf({ diagnosis: { suspects, findings } }: Call) {
  if (findings.length === 0) return "Nothing stands out in this summary.";
  return suspects.length ? "What stands out, and where the fault most likely lies." : "No place is suspected.";
}

// The same advice is given once.
function One({ finding, isRepeated }: { finding: Finding; isRepeated: boolean }) {
  const { severity, rule, message, advice, source, edge, direction, heardBy } = finding;
  const { icon, tone } = LOOKS[severity];
  const where = [edge && EDGES[edge], direction && spelled(direction).toLowerCase()].filter(Boolean);
  return (
    <li className="finding" data-tone={tone}>
      <span className="finding-icon" title={spelled(severity)}>
        <Icon name={icon} size={18} />
        <span className="only-read">{spelled(severity)}: </span>
      </span>
      <div>
        <p className="finding-message">{message}</p>
        {!isRepeated && <p className="finding-advice">{advice}</p>}
        <p className="finding-meta">
          <Measured finding={finding} />
          {where.length > 0 && <span>{where.join(", ")}</span>}
          {heardBy.length > 0 && <span>Heard by {heardBy.map(sideOf).join(" and ")}</span>}
          {HAS_GRAPHIQL && (
            <a href={`../docs/diagnosis.html#${rule}`} target="_blank" rel="noreferrer">
              Rule
            </a>
          )}
          <a href={source} target="_blank" rel="noreferrer">
            Source
          </a>
        </p>
      </div>
    </li>
  );
}

function Measured({ finding: { value, threshold, unit } }: { finding: Finding }) {
  if (value === null) return null;
  const spaced = unit ? ` ${unit === "percent" ? "%" : unit}` : "";
  return (
    <Badge>
      {decimal(value)}
      {spaced}
      {threshold !== null && ` · threshold ${decimal(threshold)}${spaced}`}
    </Badge>
  );
}
