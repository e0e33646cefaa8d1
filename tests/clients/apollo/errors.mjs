// Asks for a call; prints the status and the codes of each answer, and what came of it in the end.
import { gql } from '@apollo/client';
import { connect } from './client.mjs';

const [url, sid, ...tokens] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
const fetch = async (...request) => {
  const response = await globalThis.fetch(...request);
  const { errors } = await response.clone().json();
  say({ status: response.status, codes: (errors ?? []).map(({ extensions }) => extensions.code) });
  return response;
};
const token = tokens.length ? async () => tokens.shift() : undefined;
const client = connect({ url, fetch, token });
const query = gql`
  query State($sid: CallSid!) {
    call(sid: $sid) { id state }
  }
`;
const { data, error } = await client.query({ query, variables: { sid }, errorPolicy: 'all' });
say({ state: data?.call?.state, error: error?.errors?.[0].extensions.code });
