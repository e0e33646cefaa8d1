// Asks twice; prints the answers and, of each request: its method, whether it brought the document,
// and the status of its answer.
import { gql } from '@apollo/client';
import { connect } from './client.mjs';

const [url, sid] = process.argv.slice(2);
const requests = [];
const fetch = async (uri, options) => {
  const response = await globalThis.fetch(uri, options);
  const { method, body } = options;
  const whole = body ? 'query' in JSON.parse(body) : new URL(uri).searchParams.has('query');
  requests.push({ method, whole, status: response.status });
  return response;
};
const client = connect({ url, fetch });
const query = gql`
  query State($sid: CallSid!) {
    call(sid: $sid) { id state }
  }
`;
const states = [];
for (let asked = 0; asked < 2; asked += 1) {
  const { data } = await client.query({ query, variables: { sid }, fetchPolicy: 'network-only' });
  states.push(data.call.state);
}
console.log(JSON.stringify({ states, requests }));
