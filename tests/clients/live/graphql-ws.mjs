// Follows a call over WebSocket, by graphql-ws: node graphql-ws.mjs ws://127.0.0.1:8000/graphql CA…
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, sid] = process.argv.slice(2);
const query = `subscription Follow($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version } } }
}`;

const client = createClient({
  url,
  webSocketImpl: WebSocket, // a browser has its own
  retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
  shouldRetry: () => true, // also while nobody listens
});
for await (const { data, errors } of client.iterate({ query, variables: { sid } })) {
  console.log(JSON.stringify({ data, errors }));
}
console.log(JSON.stringify({ end: true }));
await client.dispose();
