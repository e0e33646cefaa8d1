// Serves the schema of the gateway by graphql-yoga and graphql-jit, over the same upstream, without
// a cache: `node server.mjs PORT UPSTREAM ACCOUNT TOKEN`.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import {
  GraphQLObjectType,
  buildSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
} from "graphql";
import { compileQuery, isCompiledQuery } from "graphql-jit";
import { createYoga } from "graphql-yoga";

const [port, upstream, account, token] = process.argv.slice(2);
const schema = buildSchema(readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"), {
  assumeValid: true,
});
const headers = { Authorization: `Basic ${btoa(`${account}:${token}`)}` };

async function ask(path) {
  const response = await fetch(`${upstream}${path}`, { headers });
  if (!response.ok) throw new Error(`Twilio answers ${response.status}`);
  return response.json();
}

const OWN = {
  Query: {
    call: (_, { sid }) => ask(`/v1/Voice/${sid}/Summary`),
    calls: async (_, { first, filter }) => {
      const asked = new URLSearchParams({
        PageSize: first,
        StartTime: filter.startTime,
        EndTime: filter.endTime,
      });
      const { call_summaries: nodes, meta } = await ask(`/v1/Voice/Summaries?${asked}`);
      return { nodes, pageInfo: { hasNextPage: meta.next_page_url !== null, endCursor: meta.key } };
    },
  },
  Call: {
    id: (call) => btoa(`Call:${call.call_sid}`),
    sid: (call) => call.call_sid,
    type: (call) => upper(call.call_type),
    state: (call) => upper(call.call_state),
    tags: (call) => call.tags ?? [],
    processing: (call) => call,
  },
  Processing: {
    state: (call) => upper(call.processing_state),
    version: (call) => call.processing_version,
    isFinal: (call) => call.processing_state === "complete",
  },
};

const upper = (word) => word && word.toUpperCase().replaceAll("-", "_");
const snake = (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** How a field is read: of what Twilio calls by another name, of words, and of open maps. */
function reader(type, field) {
  const name = snake(field.name);
  const inner = getNamedType(field.type);
  if (isEnumType(inner)) {
    return isListType(getNullableType(field.type))
      ? (value) => value[name]?.map(upper)
      : (value) => upper(value[name]);
  }
  if (inner.name === "PacketDelay") {
    return (value) => {
      const map = value[name];
      return map && Object.keys(map).map((key) => ({ thresholdMs: +key.slice(1), packets: map[key] }));
    };
  }
  if (inner.name === "Count") {
    return (value) => value[name] && Object.entries(value[name]).map(([key, count]) => ({ name: key, count }));
  }
  return name === field.name ? undefined : (value) => value[name];
}

for (const type of Object.values(schema.getTypeMap())) {
  if (!(type instanceof GraphQLObjectType) || type.name.startsWith("__")) continue;
  for (const field of Object.values(type.getFields())) {
    const plain = ["CallConnection", "PageInfo", "PacketDelay", "Count", "Query"].includes(type.name);
    field.resolve = OWN[type.name]?.[field.name] ?? (plain ? undefined : reader(type, field));
    if (isNonNullType(field.type) && type.name !== "Query") field.type = field.type.ofType;
  }
}

const compiled = new Map();
const yoga = createYoga({
  schema,
  logging: false,
  plugins: [
    {
      onExecute({ args, setExecuteFn }) {
        let query = compiled.get(args.document);
        if (query === undefined) {
          query = compileQuery(args.schema, args.document, args.operationName);
          compiled.set(args.document, query);
        }
        if (isCompiledQuery(query)) {
          setExecuteFn((one) => query.query(one.rootValue, one.contextValue, one.variableValues));
        }
      },
    },
  ],
});
createServer(yoga).listen(+port, "127.0.0.1");
