// Walks through the calls of a window: to the end; from the end to the beginning; from the middle
// to the end and back to the beginning. Each is one list that is watched. Annotates a call on it.
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
  const lengths = [calls().edges.length];
  const more = async (variables) => {
    await list.fetchMore({ variables });
    await watchersAreTold();
    lengths.push(calls().edges.length);
  };
  const toTheEnd = async () => {
    while (calls().pageInfo.hasNextPage) await more({ first: 10, after: calls().pageInfo.endCursor });
  };
  const toTheBeginning = async () => {
    while (calls().pageInfo.hasPreviousPage) {
      await more({ first: null, after: null, last: 10, before: calls().pageInfo.startCursor });
    }
  };
  const sids = () => calls().edges.map(({ node }) => node.sid);
  return { calls, lengths, sids, toTheEnd, toTheBeginning };
}

const client = connect({ url, fetch });
const list = await watch(client, { first: 10 });
const middle = list.calls().pageInfo.endCursor;
await list.toTheEnd();
const sids = list.sids();

queries = 0;
await client.mutate({ mutation: annotate, variables: { input: { sid: sids[3], callScore: 2 } } });
await watchersAreTold();
const annotated = { queries, callScore: list.calls().edges[3].node.annotation.callScore };

const back = await watch(connect({ url }), { last: 10 });
await back.toTheBeginning();
const both = await watch(connect({ url }), { first: 10, after: middle });
await both.toTheEnd();
await both.toTheBeginning();

const fromTheEnd = back.sids();
const fromTheMiddle = both.sids();
const { lengths } = list;
console.log(JSON.stringify({ lengths, sids, fromTheEnd, fromTheMiddle, annotated }));
