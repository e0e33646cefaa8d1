// Follows a call by multipart HTTP, by Apollo Client:
// node apollo-multipart.mjs http://127.0.0.1:8000/graphql CA…
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';

const [url, sid] = process.argv.slice(2);
const query = gql`
  subscription Follow($sid: CallSid!) {
    callUpdates(sid: $sid) { status call { processing { version } } }
  }
`;

const client = new ApolloClient({
  // A gateway that restarts breaks streams off: come back.
  link: new RetryLink({ attempts: { max: Infinity } }).concat(new HttpLink({ uri: url })),
  cache: new InMemoryCache(),
});
client.subscribe({ query, variables: { sid } }).subscribe({
  next: ({ data, error }) => console.log(JSON.stringify({ data, error: error?.message })),
  error: (error) => console.log(JSON.stringify({ error: error.message })),
  complete: () => console.log(JSON.stringify({ end: true })),
});
