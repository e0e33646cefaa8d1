// The window of time that is looked at: an age such as `4h`, or from one moment until another.
import { useMemo } from "react";
import { useAddress, useParameter } from "./address";
import type { CallWhere } from "./generated/graphql";

export interface Window {
  since: string;
  until: string | undefined;
}

export const WINDOWS = [
  { id: "1h", name: "Last hour" },
  { id: "4h", name: "Last 4 hours" },
  { id: "1d", name: "Last 24 hours" },
  { id: "7d", name: "Last 7 days" },
  { id: "30d", name: "Last 30 days" },
];

// How long the slices of a chart are: some forty or fifty of them.
const SLICES: Record<string, string> = { "1h": "1m", "4h": "5m", "1d": "30m", "7d": "4h", "30d": "12h" };
const BEFORE: Record<string, string> = { "1h": "2h", "4h": "8h", "1d": "2d", "7d": "14d", "30d": "60d" };
const AGE = /^(\d+)([mhdw])$/;
const MINUTES = { m: 1, h: 60, d: 1440, w: 10_080 } as const;

export const STANDARD_WINDOW = "4h";

export const isAge = (since: string) => AGE.test(since);
export const sliceOf = ({ since }: Window) => SLICES[since] ?? "1h";

export function minutesOf(age: string): number {
  const [, figure, unit] = AGE.exec(age) ?? ["", "0", "m"];
  return Number(figure) * MINUTES[unit as keyof typeof MINUTES];
}

export function useWindow(): [Window, (since: string) => void] {
  const [since, change] = useParameter("since", STANDARD_WINDOW);
  const until = useAddress().search.get("until") ?? undefined;
  return [useMemo(() => ({ since, until }), [since, until]), change];
}

export const whereOf = ({ since, until }: Window): CallWhere => ({ endTime: until ? { since, until } : { since } });

// As long a window, directly before this one.
export function whereBefore({ since }: Window): CallWhere | undefined {
  const earlier = BEFORE[since];
  return earlier ? { endTime: { since: earlier, until: since } } : undefined;
}

export const TAGGED: CallWhere = { tags: { isEmpty: false } };
export const ANSWERED: CallWhere = { state: { eq: "COMPLETED" } };
