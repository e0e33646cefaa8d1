// Walks through the calls of a window to the end, and from its end to the beginning, each as one
// list that is watched; then asks for a call on the list alone, and annotates it.
import { gql } from '@urql/core';
import { connect } from './client.mjs';
import { schema } from './schema.mjs';

const [url, startTime, endTime] = process.argv.slice(2);
const filter = { startTime, endTime };
const calls = gql`
  query Calls($filter: CallFilter, $first: Int, $after: String, $last: Int, $before: String) {
    calls(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      edges { node { id sid annotation { callScore } } }
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
    }
  }
`;
const one = gql`
  query Call($sid: CallSid!) {
    call(sid: $sid) { id annotation { callScore } }
  }
`;
const annotate = gql`
  mutation Annotate($input: AnnotateCallInput!) {
    annotateCall(input: $input) {
      call { id annotation { callScore } }
      userErrors { code }
    }
  }
`;
let requests = 0;
const fetch = (...request) => {
  requests += 1;
  return globalThis.fetch(...request);
};

async function page(client, variables) {
  const { data, error } = await client.query(calls, { filter, ...variables }).toPromise();
  if (error) throw error;
  return data.calls;
}

const client = connect({ url, schema, fetch });
let list = await page(client, { first: 10 });
const lengths = [list.edges.length];
while (list.pageInfo.hasNextPage) {
  list = await page(client, { first: 10, after: list.pageInfo.endCursor });
  lengths.push(list.edges.length);
}
const sids = list.edges.map(({ node }) => node.sid);

const sid = sids[3];
const seen = { list: [], alone: [] };
client.query(calls, { filter, first: 10 }).subscribe(({ data }) => {
  seen.list.push(data.calls.edges[3].node.annotation?.callScore);
});
client.query(one, { sid }).subscribe(({ data }) => {
  seen.alone.push(data.call.annotation?.callScore);
});
await client.query(one, { sid }).toPromise();
const before = requests;
await client.mutation(annotate, { input: { sid, callScore: 2 } }).toPromise();
const requestsOfChange = requests - before;

const more = gql`
  query State($sid: CallSid!) {
    call(sid: $sid) { id state }
  }
`;
const answers = [];
client.query(more, { sid }).subscribe(({ data, stale }) => {
  answers.push({ stale, state: data.call.state });
});
await client.query(more, { sid }).toPromise();

const other = connect({ url, schema });
let back = await page(other, { last: 10 });
while (back.pageInfo.hasPreviousPage) {
  back = await page(other, { last: 10, before: back.pageInfo.startCursor });
}
const fromTheEnd = back.edges.map(({ node }) => node.sid);

console.log(JSON.stringify({ lengths, sids, fromTheEnd, seen, requestsOfChange, answers }));
