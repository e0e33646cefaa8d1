// Prints how a schema differs from an older one, and whether that breaks clients:
// node compare.mjs older.graphql newer.graphql
import { readFileSync } from 'node:fs';
import { diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const [older, newer] = process.argv.slice(2).map((file) => buildSchema(readFileSync(file, 'utf8')));
for (const { path, message, criticality } of await diff(older, newer)) {
  console.log(JSON.stringify({ path, message, breaks: criticality.level === 'BREAKING' }));
}
