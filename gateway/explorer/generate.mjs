// Writes src/generated/: the types of the documents in src/documents/, the manifest of what is sent by its hash, and
// what the schema says of thresholds and of the filters that the page offers.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { createRequest, stringifyDocument } from "@urql/core";
import { buildSchema, Kind, parse, visit } from "graphql";
import { listFilters, searchFilters } from "./filters.mjs";
import { thresholds } from "./thresholds.mjs";

const SCHEMA = process.env.EXPLORER_SCHEMA ?? "../../schema.graphql";
const DOCUMENTS = "src/documents/";
const OUT = "src/generated/";
const SCALARS = {
  AccountSid: "string",
  BigInt: "number", // whole, and below 2^53
  CallSid: "string",
  DateTime: "string", // RFC 3339
  JSON: "unknown",
  TimeBound: "string",
  URL: "string",
};

const text = readFileSync(SCHEMA, "utf8");
const schema = buildSchema(text, { assumeValidSDL: true });
const documents = readdirSync(DOCUMENTS)
  .filter((name) => name.endsWith(".graphql"))
  .map((name) => {
    const rawSDL = readFileSync(DOCUMENTS + name, "utf8");
    return { location: DOCUMENTS + name, rawSDL, document: parse(rawSDL, { noLocation: true }) };
  });
const definitions = documents.flatMap(({ document }) => document.definitions);
const fragments = new Map(
  definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]),
);

// An operation with the fragments that it spreads, each behind the one that spreads it first.
function whole(operation) {
  const found = new Set([operation]);
  for (const definition of found) {
    visit(definition, { FragmentSpread: ({ name }) => void found.add(fragments.get(name.value)) });
  }
  return { kind: Kind.DOCUMENT, definitions: [...found] };
}

const hashes = {};
const manifest = {};
for (const operation of definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)) {
  const sent = stringifyDocument(createRequest(whole(operation), {}).query);
  const hash = createHash("sha256").update(sent).digest("hex");
  hashes[operation.name.value] = hash;
  manifest[hash] = sent;
}

const sections = await preset.buildGeneratesSection({
  baseOutputDir: OUT,
  schema: parse(text),
  schemaAst: schema,
  documents,
  pluginMap: {},
  plugins: [],
  presetConfig: { fragmentMasking: false },
  config: { enumsAsTypes: true, useTypeImports: true, strictScalars: true, scalars: SCALARS },
});

rmSync(OUT, { recursive: true, force: true });
for (const { filename, ...section } of sections) write(filename, await codegen({ filename, ...section }));
write(`${OUT}documents.json`, JSON.stringify(manifest, null, 1));
write(`${OUT}hashes.json`, JSON.stringify(hashes, null, 1));
write(`${OUT}list-filters.json`, JSON.stringify(listFilters(schema), null, 1));
write(`${OUT}search-filters.json`, JSON.stringify(searchFilters(schema), null, 1));
write(`${OUT}thresholds.json`, JSON.stringify(thresholds(schema), null, 1));

function write(name, content) {
  mkdirSync(dirname(name), { recursive: true });
  writeFileSync(name, content);
}
