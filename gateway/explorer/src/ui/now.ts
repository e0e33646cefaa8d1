import { useSyncExternalStore } from "react";

const OFTEN = 5_000;
const listeners = new Set<() => void>();
let now = Date.now();

// The time of day, which moves on every few seconds while somebody looks.
export const useNow = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      const ticking = setInterval(tick, OFTEN);
      return () => {
        listeners.delete(listener);
        clearInterval(ticking);
      };
    },
    () => now,
  );

function tick() {
  if (Date.now() - now < OFTEN / 2) return;
  now = Date.now();
  for (const listener of listeners) listener();
}
