import { useState } from "react";
import { Button } from "react-aria-components";
import { RawCallDocument } from "../generated/graphql";
import { useMay } from "../shell/scopes";
import { useAsked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { Answer, Panel } from "../ui/panel";
import { Code } from "../ui/query";

// Twilio's own words, for a reader who may see personal data.
export function Raw({ sid }: { sid: string }) {
  const may = useMay("PII_READ");
  const [isOpen, open] = useState(false);
  const asked = useAsked(RawCallDocument, { sid }, !isOpen);
  return (
    <Panel title="Raw summary" note="What Twilio said, word for word." question={asked}>
      {!may ? (
        <p className="state-line">
          <Icon name="lock" /> It holds personal data: your token has not the scope <code>pii:read</code>.
        </p>
      ) : isOpen ? (
        <Answer asked={asked}>
          {({ call }) => <Code name="Raw summary" text={JSON.stringify(call?.raw ?? {}, null, 2)} />}
        </Answer>
      ) : (
        <Button className="button" onPress={() => open(true)}>
          Show the JSON
        </Button>
      )}
    </Panel>
  );
}
