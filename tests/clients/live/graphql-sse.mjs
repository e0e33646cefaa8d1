// Follows a call by server-sent events: node graphql-sse.mjs http://127.0.0.1:8000/graphql CA…
import { createClient } from 'graphql-sse';

const [url, sid] = process.argv.slice(2);
const query = `subscription Follow($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version } } }
}`;

const client = createClient({
  url,
  retryAttempts: Infinity, // a gateway that restarts breaks streams off: come back
});
for await (const { data, errors } of client.iterate({ query, variables: { sid } })) {
  console.log(JSON.stringify({ data, errors }));
}
console.log(JSON.stringify({ end: true }));
client.dispose();
