// What the page shows, as its address says it: `#/calls/CA…`, `#/calls?since=4h`. Behind `#` no server and no proxy
// sees it, so a number that somebody looks for is in no log.

export interface Address {
  path: string[];
  search: URLSearchParams;
}

// What stays from view to view.
const CARRIED = ["zone"];
let read = { hash: "", address: parse("") };

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

export const isSid = (text: string | undefined): text is string => /^CA[0-9a-f]{32}$/i.test(text ?? "");

// Write one parameter of the address; the default is not written down.
export function change(name: string, value: string, standard: string): void {
  const { path, search } = current();
  const changed = new URLSearchParams(search);
  if (value === standard) changed.delete(name);
  else changed.set(name, value);
  const text = changed.toString();
  go(`#/${path.join("/")}${text && `?${text}`}`);
}

export function onChange(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

function parse(hash: string): Address {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean), search: new URLSearchParams(search) };
}
