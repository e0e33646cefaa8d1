// Values as people read them: with their units, in the reader's language and zone; never "null".

export const NOTHING = "–";
export const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number) => (value < 10_000 ? whole.format(value) : short.format(value));
export const calls = (value: number) => `${count(value)} ${value === 1 ? "call" : "calls"}`;
export const exactly = (value: number) => `${whole.format(value)} ${value === 1 ? "call" : "calls"}`;

const precise = [0, 1, 2].map((digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }));

export function decimal(value: number): string {
  const digits = value !== 0 && Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return precise[digits]?.format(value) ?? String(value);
}

export function amount(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return NOTHING;
  const spaced = unit ? `\u202f${unit === "percent" ? "%" : unit}` : "";
  return `${decimal(value)}${spaced}`;
}

export const share = (value: number | null | undefined) =>
  value === null || value === undefined ? NOTHING : `${decimal(value * 100)}\u202f%`;

export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NOTHING;
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds % 60)];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });
const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [Infinity, "day"],
];

export function since(moment: number, now: number): string {
  let passed = Math.round((now - moment) / 1000);
  for (const [most, unit] of STEPS) {
    if (Math.abs(passed) < most) return ago.format(-passed, unit);
    passed = Math.round(passed / most);
  }
  return "";
}

export type TimeStyle = "full" | "short" | "clock" | "day" | "slice" | "seconds";

const HOUR = { hour: "2-digit", minute: "2-digit" } as const;
const DAY = { day: "numeric", month: "short" } as const;
const TIMES: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  full: { ...DAY, year: "numeric", ...HOUR, second: "2-digit" },
  short: { ...DAY, ...HOUR, second: "2-digit" },
  slice: { ...DAY, ...HOUR },
  clock: HOUR,
  day: DAY,
  seconds: { ...HOUR, second: "2-digit" },
};

const clocks = new Map<string, Intl.DateTimeFormat>(); // to make one takes longer than to draw a row

export function time(iso: string | number, zone: string, style: TimeStyle = "full"): string {
  const key = `${style} ${zone}`;
  const clock = clocks.get(key) ?? new Intl.DateTimeFormat("en-GB", { ...TIMES[style], timeZone: zone });
  clocks.set(key, clock);
  return clock.format(new Date(iso));
}

export const utc = (iso: string) => `${new Date(iso).toISOString().replace("T", " ").slice(0, 19)} UTC`;

// `HIGH_PACKET_LOSS` as "High packet loss"; what is spelled out below is spelled so.
const SPELLED: Record<string, string> = {
  FAIL: "Failed",
  HIGH_PDD: "High post-dial delay",
  ICE_FAILURE: "ICE failure",
  LOW_MOS: "Low MOS",
  NOANSWER: "No answer",
  OUTBOUND_API: "Outbound (API)",
  OUTBOUND_DIAL: "Outbound (Dial)",
  OWA: "One-way audio",
  DTMF: "Key presses (DTMF)",
  PSTN_SHORT_DURATION: "Short call",
  SIP: "SIP",
  SIP_INTERFACE: "SIP endpoint",
  SIP_PEER: "SIP peer",
  SIP_TRUNK: "SIP trunk",
  TWILIO_SDK: "Voice SDK",
  TWILIO: "Twilio",
  VOIP: "VoIP",
  WHATSAPP: "WhatsApp",
  CHOPPY_ROBOTIC: "Choppy or robotic",
  CALLER_ID: "Caller ID",
  CLIENT: "Voice SDK",
};

export function spelled(value: string | null | undefined): string {
  if (!value) return NOTHING;
  const words = value.replaceAll("_", " ").toLowerCase();
  return SPELLED[value] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

const SUSPECTS: Record<string, string> = {
  APP_DEVICE: "Device of the app",
  APP_NETWORK: "Network of the app",
  BLOCKED: "Blocked by a network",
  SIP_PEER: "Your SIP infrastructure",
};

export const suspect = (kind: string) => SUSPECTS[kind] ?? spelled(kind);

const regions = new Intl.DisplayNames("en", { type: "region" });

export function country(code: string | null | undefined): string {
  if (!code) return NOTHING;
  try {
    return regions.of(code) ?? code;
  } catch {
    return code; // what is no code of a country is shown as it is
  }
}

export const isMasked = (value: string | null | undefined): boolean => Boolean(value?.includes("•"));
