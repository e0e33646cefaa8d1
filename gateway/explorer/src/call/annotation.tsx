import { useState } from "react";
import { Button, Checkbox, CheckboxGroup, Input, Label, Radio, RadioGroup, Text, TextField } from "react-aria-components";
import { useMutation } from "urql";
import { AnnotateDocument, type QualityIssue } from "../generated/graphql";
import { spelled } from "../format";
import { useMay } from "../shell/scopes";
import { messageOf } from "../ui/asked";
import { Icon } from "../ui/icon";
import { Prose } from "../ui/prose";
import { Panel } from "../ui/panel";
import type { Call } from "./page";

const ISSUES: QualityIssue[] = ["LOW_VOLUME", "CHOPPY_ROBOTIC", "ECHO", "DTMF", "LATENCY", "OWA", "STATIC_NOISE"];
const SCORES = ["Bad", "Poor", "Fair", "Good", "Excellent"];
const LONGEST = 100;

// What people heard, for a reader who may say so.
export function Annotation({ call }: { call: Call }) {
  const may = useMay("ANNOTATIONS_WRITE");
  const question = { document: AnnotateDocument, variables: { input: { sid: call.sid, callScore: 2 } } };
  return (
    <Panel title="Annotation" note="What people heard. Everybody who may see the call reads it." question={question}>
      {may ? (
        <Form call={call} />
      ) : (
        <p className="state-line">
          <Icon name="lock" /> Your token has not the scope <code>annotations:write</code>.
        </p>
      )}
    </Panel>
  );
}

function Form({ call }: { call: Call }) {
  const said = call.annotation;
  const [score, setScore] = useState(said?.callScore ? String(said.callScore) : null); // with "", Tab finds no radio
  const [issues, setIssues] = useState<string[]>((said?.qualityIssues ?? []).filter((one) => ISSUES.includes(one)));
  const [comment, setComment] = useState(said?.comment ?? "");
  const [{ data, error, fetching }, annotate] = useMutation(AnnotateDocument);
  const mistakes = data?.annotateCall.userErrors ?? [];
  const isSaved = data !== undefined && mistakes.length === 0 && !error;
  async function submit(event: React.FormEvent) {
    event.preventDefault();
    await annotate({
      input: {
        sid: call.sid,
        ...(score && { callScore: Number(score) }),
        qualityIssues: issues as QualityIssue[],
        comment,
      },
    });
  }
  return (
    <form className="form" onSubmit={submit}>
      <RadioGroup className="field scores" value={score} onChange={setScore} orientation="horizontal">
        <Label>How was it?</Label>
        <div className="segments">
          {SCORES.map((name, place) => (
            <Radio key={name} value={String(place + 1)} aria-label={`${place + 1}: ${name}`}>
              <b>{place + 1}</b>
              {name}
            </Radio>
          ))}
        </div>
      </RadioGroup>
      <CheckboxGroup className="field" value={issues} onChange={setIssues}>
        <Label>What was wrong with the sound?</Label>
        <div className="checks">
          {ISSUES.map((issue) => (
            <Checkbox key={issue} value={issue}>
              <span className="box">
                <Icon name="check" size={12} />
              </span>
              {spelled(issue)}
            </Checkbox>
          ))}
        </div>
      </CheckboxGroup>
      <TextField className="field" value={comment} onChange={setComment} maxLength={LONGEST}>
        <Label>Comment</Label>
        <Input placeholder="No names, no numbers" />
        <Text slot="description">
          {comment.length} of {LONGEST} characters. Twilio does not protect them.
        </Text>
      </TextField>
      {error && (
        <p role="alert" className="problem">
          <Prose text={messageOf(error)} />
        </p>
      )}
      {mistakes.map(({ message, path }) => (
        <p key={path.join(".")} role="alert" className="problem">
          <Prose text={message} />
        </p>
      ))}
      <div className="form-foot">
        <Button className="button primary" type="submit" isDisabled={fetching}>
          {fetching ? "Saving …" : "Save"}
        </Button>
        <span role="status">{isSaved && "Saved at Twilio."}</span>
      </div>
    </form>
  );
}
