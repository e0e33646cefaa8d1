// Walks through the calls of a window to the end, as one list that is watched.
import { fetchQuery, getPaginationMetadata, getPaginationVariables } from 'relay-runtime';
import { observeFragment } from 'relay-runtime/experimental.js';
import { connect } from './environment.js';
import { graphql } from './graphql.js';

const [url, startTime, endTime] = process.argv.slice(2);
const filter = { startTime, endTime };
const query = graphql`
  query pagesQuery($filter: CallFilter!) {
    ...pages_calls @arguments(filter: $filter)
  }
`;
const fragment = graphql`
  fragment pages_calls on Query
  @argumentDefinitions(
    filter: { type: "CallFilter!" }
    count: { type: "Int", defaultValue: 10 }
    cursor: { type: "String" }
  )
  @refetchable(queryName: "pagesMoreQuery") {
    calls(filter: $filter, first: $count, after: $cursor)
      @connection(key: "pages_calls") {
      edges { node { sid } }
    }
  }
`;

const environment = connect({ url });
const root = await fetchQuery(environment, query, { filter }).toPromise();
const seen = [];
observeFragment(environment, fragment, root).subscribe({
  next: ({ state, value }) => state === 'ok' && seen.push(value.calls),
});
const list = () => seen.at(-1);

// As `loadNext` of usePaginationFragment does.
const { paginationRequest, paginationMetadata } = getPaginationMetadata(fragment, 'loadNext');
const variables = (cursor) =>
  getPaginationVariables('forward', 10, cursor, { filter }, {}, paginationMetadata);
while (list().pageInfo.hasNextPage) {
  const next = variables(list().pageInfo.endCursor);
  await fetchQuery(environment, paginationRequest, next).toPromise();
}
console.log(
  JSON.stringify({
    sids: list().edges.map(({ node }) => node.sid),
    lengths: seen.map(({ edges }) => edges.length),
  }),
);
