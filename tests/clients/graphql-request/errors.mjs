// Asks for a call, with each token in turn; prints the codes of each answer, and what came of it.
import { gql } from 'graphql-request';
import { connect } from './client.mjs';

const [url, sid, ...tokens] = process.argv.slice(2);
const say = (line) => console.log(JSON.stringify(line));
const fetch = async (...request) => {
  const response = await globalThis.fetch(...request);
  const { errors } = await response.clone().json();
  say({ status: response.status, codes: (errors ?? []).map(({ extensions }) => extensions.code) });
  return response;
};
const { ask } = connect({ url, token: async () => tokens.shift(), fetch });
const query = gql`
  query State($sid: CallSid!) {
    call(sid: $sid) { state }
  }
`;
try {
  const { call } = await ask(query, { sid });
  say(call);
} catch (error) {
  say({ error: error.response.errors[0].extensions.code });
}
