const PATHS = {
  alert: "M12 8.5v5m0 3v.01M10.3 3.9 2.6 17.2a2 2 0 0 0 1.7 3h15.4a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0Z",
  arrow: "M5 12h14m-5-5 5 5-5 5",
  check: "m5 12.5 4.5 4.5L19 7.5",
  chevron: "m9 6 6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  code: "m8.5 7-5 5 5 5m7-10 5 5-5 5",
  columns: "M4 5h16v14H4zM10 5v14M15 5v14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  critical: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5m0 3v.01",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14",
  facets: "M4 7h9M4 12h6M4 17h3M17 6v12m0 0-3-3m3 3 3-3",
  external: "M14 4h6v6m0-6-9 9M18 14v6H4V6h6",
  filter: "M4 6h16M7 12h10m-7 6h4",
  info: "M12 11v5m0-8v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  key: "M14.5 9.5 21 3m-3 3 2 2M9 20a5 5 0 1 0 0-10 5 5 0 0 0 0 10Z",
  live: "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM7.8 16.2a6 6 0 0 1 0-8.4m8.4 0a6 6 0 0 1 0 8.4M5 19a10 10 0 0 1 0-14m14 0a10 10 0 0 1 0 14",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  phone:
    "M5 4h4l1.5 5-2.5 1.5a11 11 0 0 0 5.5 5.5L15 13.5l5 1.5v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1Z",
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
} as const;

export type IconName = keyof typeof PATHS;

// A picture beside words that say the same: readers of the screen pass over it.
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
