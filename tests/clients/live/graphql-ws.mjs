// Follows a call over WebSocket, by graphql-ws:
// node graphql-ws.mjs ws://127.0.0.1:8000/graphql CA… [FILE WITH A TOKEN]
import { readFile } from 'node:fs/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, sid, file] = process.argv.slice(2);
const query = `subscription Follow($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version } } }
}`;

const client = createClient({
  url,
  webSocketImpl: WebSocket, // a browser has its own
  // Called for each connection: the next one has a new token if the last one's has expired.
  connectionParams: async () => file && { Authorization: `Bearer ${await readFile(file, 'utf8')}` },
  retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
  shouldRetry: (problem) => !(problem instanceof Error), // one is an error of connectionParams
});
try {
  for await (const { data, errors } of client.iterate({ query, variables: { sid } })) {
    console.log(JSON.stringify({ data, errors }));
  }
  console.log(JSON.stringify({ end: true }));
} catch (problem) {
  // The event of a connection that was closed for good, such as 4401; or GraphQL errors.
  console.log(JSON.stringify({ problem: problem.message ?? problem.reason ?? problem[0].message }));
}
await client.dispose();
