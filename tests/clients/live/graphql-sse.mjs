// Follows a call by server-sent events, by graphql-sse:
// node graphql-sse.mjs http://127.0.0.1:8000/graphql CA… [FILE WITH A TOKEN]
import { readFile } from 'node:fs/promises';
import { createClient } from 'graphql-sse';

const [url, sid, file] = process.argv.slice(2);
const query = `subscription Follow($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version } } }
}`;

let refusal;
const client = createClient({
  url,
  // Called for each stream: the next one has a new token if the last one's has expired.
  headers: async () => (file ? { Authorization: `Bearer ${await readFile(file, 'utf8')}` } : {}),
  fetchFn: async (...request) => {
    const response = await fetch(...request);
    if (response.status === 401) refusal = (await response.json()).errors[0];
    return response;
  },
  retryAttempts: Infinity, // a gateway that restarts breaks streams off: come back
  retry: async (attempt) => {
    if (refusal) throw new Error(refusal.message); // it would be refused again
    const longest = Math.min(30_000, 1000 * 2 ** attempt);
    await new Promise((resume) => setTimeout(resume, longest * (0.5 + Math.random() / 2)));
  },
});
try {
  for await (const { data, errors } of client.iterate({ query, variables: { sid } })) {
    console.log(JSON.stringify({ data, errors }));
  }
  console.log(JSON.stringify({ end: true }));
} catch (problem) {
  console.log(JSON.stringify({ problem: problem.message }));
}
client.dispose();
