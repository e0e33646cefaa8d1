// Follows a call over WebSocket, by Apollo Client:
// node apollo-ws.mjs ws://127.0.0.1:8000/graphql CA… [FILE WITH A TOKEN]
import { readFile } from 'node:fs/promises';
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, sid, file] = process.argv.slice(2);
const query = gql`
  subscription Follow($sid: CallSid!) {
    callUpdates(sid: $sid) { status call { processing { version } } }
  }
`;

const connection = createClient({
  url,
  webSocketImpl: WebSocket, // a browser has its own
  connectionParams: async () => file && { Authorization: `Bearer ${await readFile(file, 'utf8')}` },
  retryAttempts: Infinity,
  shouldRetry: (problem) => !(problem instanceof Error),
});
const client = new ApolloClient({
  link: new GraphQLWsLink(connection),
  cache: new InMemoryCache(),
});
client.subscribe({ query, variables: { sid } }).subscribe({
  // An error of GraphQL, or of a connection that was closed for good, such as 4401.
  next: ({ data, error }) => console.log(JSON.stringify({ data, error: error?.message })),
  complete: () => {
    console.log(JSON.stringify({ end: true }));
    connection.dispose();
  },
});
