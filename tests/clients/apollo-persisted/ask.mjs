// Asks one query twice, by its hash and over GET, as pages with Apollo Client do; prints the answers
// and, of each request: its method, whether it brought the document, and the status of the answer.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [uri, sid] = process.argv.slice(2);
const requests = [];
const watched = async (url, options) => {
  const response = await fetch(url, options);
  const { method, body } = options;
  const whole = body ? 'query' in JSON.parse(body) : new URL(url).searchParams.has('query');
  requests.push({ method, whole, status: response.status });
  return response;
};
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.from([
    new PersistedQueryLink({ sha256, useGETForHashedQueries: true }),
    new HttpLink({ uri, fetch: watched }),
  ]),
});
const query = gql`
  query State($sid: CallSid!) {
    call(sid: $sid) {
      sid
      state
    }
  }
`;
const answers = [];
for (let asked = 0; asked < 2; asked += 1) {
  const { data } = await client.query({ query, variables: { sid }, fetchPolicy: 'network-only' });
  answers.push(data.call);
}
console.log(JSON.stringify({ answers, requests }));
