// The window of time that is looked at: an age such as `4h`, or from one moment until another.
import type { CallWhere, CoverageDetailsFragment } from "./generated/graphql";

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
const BEFORE: Record<string, string> = { "1h": "2h", "4h": "8h", "1d": "2d", "7d": "14d" };
const AGE = /^(\d+)([mhdw])$/;
const MINUTES = { m: 1, h: 60, d: 1440, w: 10_080 } as const;

export const STANDARD_WINDOW = "4h";

export const isAge = (since: string) => AGE.test(since);
export const sliceOf = ({ since }: Window) => SLICES[since] ?? "1h";

export function minutesOf(age: string): number {
  const [, figure, unit] = AGE.exec(age) ?? ["", "0", "m"];
  return Number(figure) * MINUTES[unit as keyof typeof MINUTES];
}

export const windowIn = (search: URLSearchParams): Window => ({
  since: search.get("since") ?? STANDARD_WINDOW,
  until: search.get("until") ?? undefined,
});

export const whereOf = ({ since, until }: Window): CallWhere => ({ endTime: until ? { since, until } : { since } });

// As long a window, directly before this one; none before 30 days, as no warehouse keeps calls for longer.
export function whereBefore({ since, until }: Window): CallWhere | undefined {
  if (isAge(since)) return BEFORE[since] && !until ? { endTime: { since: BEFORE[since], until: since } } : undefined;
  if (!until) return undefined;
  const earlier = Date.parse(since) - lengthOf({ since, until });
  return { endTime: { since: new Date(earlier).toISOString(), until: since } };
}

const NEARLY = 0.98;

// A window of which the warehouse has but a part is compared with nothing.
export function isThere({ from, until, isWhole }: CoverageDetailsFragment, window: Window): boolean {
  if (!from || !until || !isWhole) return false;
  return Date.parse(until) - Date.parse(from) >= lengthOf(window) * NEARLY;
}

// In milliseconds.
function lengthOf({ since, until }: Window): number {
  return until ? Date.parse(until) - Date.parse(since) : minutesOf(since) * 60_000;
}

export const TAGGED: CallWhere = { tags: { isEmpty: false } };
export const ANSWERED: CallWhere = { state: { eq: "COMPLETED" } };
