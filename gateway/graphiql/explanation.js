// `extensions.cost` in words: what a request took in all, and what each of its fields did.

export const HEADER = "GraphQL-Cost-Debug";

export const totalOf = ({ requested, actual, upstreamRequests, cacheHits }) =>
  `Cost: ${actual} of at most ${requested} · requests to Twilio: ${upstreamRequests} · found in the cache: ${cacheHits}`;

// Each field by its path, with terms and values; undefined without an explanation.
export const explanationOf = (cost) =>
  cost.fields?.map(({ path, ...work }) => ({ name: path.join("."), facts: factsOf(work) }));

const APPLIED = { TWILIO: "by Twilio", GATEWAY: "by the gateway", WAREHOUSE: "by the warehouse" };

function factsOf({ requested, filters = [], requests = {}, pages, cache, tiers, warehouse }) {
  const facts = [
    requested !== undefined && ["Estimate", `${requested}`],
    ...filters.map(({ argument, ...how }) => [argument, applied(how)]),
    ...Object.entries(requests).map(([resource, counts]) => [`${resource} of Twilio`, numbers(counts)]),
    pages && ["Pages", numbers({ pages: pages.total, "from the cache": pages.cached })],
    cache && ["Cache", numbers(cache)],
    tiers && ["Memory of the process", numbers(tiers.near)],
    tiers && ["Redis", numbers(tiers.far)],
    warehouse && ["Warehouse", numbers({ queries: warehouse.queries, "rows read": warehouse.rowsRead })],
  ];
  return facts.filter(Boolean);
}

function applied({ appliedBy, parameter, value }) {
  const by = parameter ? `${APPLIED[appliedBy]}, as ${parameter}` : APPLIED[appliedBy];
  return `${value === null ? "not shown" : String(value)} · ${by}`;
}

// What there is of it: "2 requests, 1 failed".
function numbers(counts) {
  const there = Object.entries(counts).filter(([, number]) => number > 0);
  return there.map(([name, number]) => `${number} ${(number === 1 && ONE[name]) || name}`).join(", ") || "nothing";
}

const ONE = {
  hits: "hit",
  misses: "miss",
  pages: "page",
  queries: "query",
  requests: "request",
  retries: "retry",
  "rows read": "row read",
};
