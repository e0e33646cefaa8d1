// Walks through the calls of a window to the end, and from its end to the beginning, each as one
// list that is watched; then annotates a call on the list.
import { gql } from '@apollo/client';
import { connect } from './client.mjs';

const [url, startTime, endTime] = process.argv.slice(2);
const filter = { startTime, endTime };
const query = gql`
  query Calls($filter: CallFilter, $first: Int, $after: String, $last: Int, $before: String) {
    calls(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      edges { node { id sid annotation { callScore } } }
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
    }
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
let queries = 0; // they go by GET
const fetch = (uri, options) => {
  queries += options.method === 'GET';
  return globalThis.fetch(uri, options);
};
const watchersAreTold = () => new Promise((resolve) => setTimeout(resolve));

async function watch(client, variables) {
  const list = client.watchQuery({ query, variables: { filter, ...variables } });
  await new Promise((resolve) => list.subscribe(({ loading }) => loading || resolve()));
  const calls = () => list.getCurrentResult().data.calls;
  const more = async (variables) => {
    await list.fetchMore({ variables });
    await watchersAreTold();
  };
  return { calls, more };
}

const client = connect({ url, fetch });
const { calls, more } = await watch(client, { first: 10 });
const lengths = [calls().edges.length];
while (calls().pageInfo.hasNextPage) {
  await more({ after: calls().pageInfo.endCursor });
  lengths.push(calls().edges.length);
}
const sids = calls().edges.map(({ node }) => node.sid);

queries = 0;
await client.mutate({ mutation: annotate, variables: { input: { sid: sids[3], callScore: 2 } } });
await watchersAreTold();
const annotated = { queries, callScore: calls().edges[3].node.annotation.callScore };

const other = await watch(connect({ url }), { last: 10 });
while (other.calls().pageInfo.hasPreviousPage) {
  await other.more({ last: 10, before: other.calls().pageInfo.startCursor });
}
const fromTheEnd = other.calls().edges.map(({ node }) => node.sid);

console.log(JSON.stringify({ lengths, sids, fromTheEnd, annotated }));
