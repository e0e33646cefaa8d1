// Whether answers are to explain their cost, for as long as the reader wants that; see cost.jsx.
import { useSyncExternalStore } from "react";

const listeners = new Set();
let isOn = false;

export const explains = () => isOn;

export const useExplains = () => useSyncExternalStore(subscribe, explains);

export function explain(on) {
  isOn = on;
  for (const listener of listeners) listener();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
