// The answer to an introspection query, made of the schema that is written down.
import { readFileSync } from 'node:fs';
import { buildSchema, introspectionFromSchema } from 'graphql';

const file = new URL('../../../schema.graphql', import.meta.url);
export const schema = introspectionFromSchema(buildSchema(readFileSync(file, 'utf8')));
