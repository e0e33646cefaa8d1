// What the page shows, as its address says it: `#/calls/CA…`, `#/calls?since=4h`. Behind `#` no server and no proxy
// sees it, so a number that somebody looks for is in no log.
import { useCallback, useSyncExternalStore } from "react";

export interface Address {
  path: string[];
  search: URLSearchParams;
}

// What stays from view to view.
const CARRIED = ["zone"];
let read = { hash: "", address: parse("") };

export function useAddress(): Address {
  return useSyncExternalStore(subscribe, current);
}

export function current(): Address {
  if (read.hash !== location.hash) read = { hash: location.hash, address: parse(location.hash) };
  return read.address;
}

export function href(path: string, search: Iterable<[string, string]> = []): string {
  const all = new URLSearchParams([...search]);
  for (const name of CARRIED) {
    const value = current().search.get(name);
    if (value && !all.has(name)) all.set(name, value);
  }
  const text = all.toString();
  return `#/${path}${text && `?${text}`}`;
}

export function go(address: string, replace = false): void {
  if (replace) {
    history.replaceState(null, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else location.hash = address;
}

// One parameter of the address, and a way to change it; the default is not written down.
export function useParameter(name: string, standard = ""): [string, (value: string) => void] {
  const value = useAddress().search.get(name) ?? standard;
  const change = useCallback(
    (next: string) => {
      const { path, search } = current();
      const changed = new URLSearchParams(search);
      if (next === standard) changed.delete(name);
      else changed.set(name, next);
      const text = changed.toString();
      go(`#/${path.join("/")}${text && `?${text}`}`);
    },
    [name, standard],
  );
  return [value, change];
}

function parse(hash: string): Address {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean), search: new URLSearchParams(search) };
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
