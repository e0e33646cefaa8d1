// A query that a link to this page brings: `#query=…&variables=…`, as the documentation writes it. Behind `#`
// no server sees it. It becomes a tab, once: a reload finds the address without it. Nothing runs by itself.
const brought = new URLSearchParams(location.hash.slice(1));

export const linked = brought.has("query") && {
  query: brought.get("query"),
  variables: brought.get("variables") ?? "",
};

if (linked) history.replaceState(null, "", location.pathname + location.search);
