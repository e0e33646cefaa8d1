import { type ReactNode, useId } from "react";
import { Button } from "react-aria-components";
import { type Asked, messageOf, type Question } from "./asked";
import { Icon } from "./icon";
import { Prose } from "./prose";
import { QueryButton } from "./query";

interface PanelProps {
  title: string;
  note?: ReactNode;
  question?: Question;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

// One part of a view: what it shows, and behind Query how anybody gets the same.
export function Panel({ title, note, question, actions, className = "", children }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <div>
          <h2 id={id}>{title}</h2>
          {note && <p>{note}</p>}
        </div>
        <div className="panel-actions">
          {actions}
          {question && <QueryButton title={title} question={question} />}
        </div>
      </header>
      {children}
    </section>
  );
}

interface AnswerProps<Data> {
  asked: Asked<Data>;
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

// The answer, or what there is to see without one.
export function Answer<Data>({ asked, skeleton = <Skeleton />, children }: AnswerProps<Data>) {
  const { data, error, isStale, again } = asked;
  if (data === undefined) return error ? <Failed error={error} again={again} /> : skeleton;
  return (
    <div className="answer" data-stale={isStale || undefined} aria-busy={isStale}>
      {error && <Notice>Not up to date: <Prose text={messageOf(error)} /></Notice>}
      {children(data)}
    </div>
  );
}

interface FailedProps {
  error: Parameters<typeof messageOf>[0];
  again?: (() => void) | undefined;
  children?: ReactNode;
}

export function Failed({ error, again, children }: FailedProps) {
  return (
    <div className="state" role="alert">
      <Icon name="alert" size={20} />
      <p>
        <Prose text={messageOf(error)} />
      </p>
      {again && (
        <Button className="button" onPress={again}>
          Try again
        </Button>
      )}
      {children}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {children}
    </div>
  );
}

export function Notice({ children, tone = "warning" }: { children: ReactNode; tone?: "warning" | "info" }) {
  return (
    <p className="notice" data-tone={tone} role="status">
      <Icon name={tone === "warning" ? "alert" : "info"} />
      <span>{children}</span>
    </p>
  );
}

export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} style={{ inlineSize: `${92 - ((line * 37) % 41)}%` }} />
      ))}
    </div>
  );
}
