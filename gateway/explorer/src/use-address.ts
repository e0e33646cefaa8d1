// What views read from the address, and write into it.
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { type Address, change, current, onChange } from "./address";
import { OWN_ZONE } from "./format";
import { STANDARD_WINDOW, type Window, windowIn } from "./window";

export const useAddress = (): Address => useSyncExternalStore(onChange, current);

export function useParameter(name: string, standard = ""): [string, (value: string) => void] {
  const value = useAddress().search.get(name) ?? standard;
  return [value, useCallback((next: string) => change(name, next, standard), [name, standard])];
}

export const useZone = () => useParameter("zone", OWN_ZONE);

export function useWindow(): [Window, (since: string) => void] {
  const { since, until } = windowIn(useAddress().search);
  const [, choose] = useParameter("since", STANDARD_WINDOW);
  return [useMemo(() => ({ since, until }), [since, until]), choose];
}
