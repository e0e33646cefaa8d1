// Asks for a call; prints the codes of each answer, and what came of it in the end.
import { gql } from '@urql/core';
import { connect } from './client.mjs';
import { schema } from './schema.mjs';

const [url, sid] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
const fetch = async (...request) => {
  const response = await globalThis.fetch(...request);
  const { errors } = await response.clone().json();
  say({ codes: (errors ?? []).map(({ extensions }) => extensions.code) });
  return response;
};
const client = connect({ url, schema, fetch });
const query = gql`
  query State($sid: CallSid!) {
    call(sid: $sid) { id state }
  }
`;
const { data, error } = await client.query(query, { sid }).toPromise();
say({ state: data?.call?.state, error: error?.graphQLErrors[0].extensions.code });
