// Follows a call by multipart HTTP, by Apollo Client:
// node apollo-multipart.mjs http://127.0.0.1:8000/graphql CA… [FILE WITH A TOKEN]
import { readFile } from 'node:fs/promises';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { RetryLink } from '@apollo/client/link/retry';

const [url, sid, file] = process.argv.slice(2);
const query = gql`
  subscription Follow($sid: CallSid!) {
    callUpdates(sid: $sid) { status call { processing { version } } }
  }
`;

// A gateway that restarts breaks streams off: come back, with a new token if the last one's has expired.
const retry = new RetryLink({ attempts: { max: Infinity } });
const authorize = new SetContextLink(async () => ({
  headers: file ? { authorization: `Bearer ${await readFile(file, 'utf8')}` } : {},
}));
const client = new ApolloClient({
  link: ApolloLink.from([retry, authorize, new HttpLink({ uri: url })]),
  cache: new InMemoryCache(),
});
client.subscribe({ query, variables: { sid } }).subscribe({
  next: ({ data, error }) => console.log(JSON.stringify({ data, error: error?.message })),
  complete: () => console.log(JSON.stringify({ end: true })),
});
