// As defer.mjs, in the dialect of Apollo Client 3: prints what is shown each time.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';

const [url, sid, other] = process.argv.slice(2);
const query = gql`
  query Show($sid: CallSid!, $other: CallSid!) {
    call(sid: $sid) { id state }
    ... @defer {
      callLookup(sid: $other, waitFor: COMPLETE, timeoutSeconds: 60) { status call { id state } }
    }
  }
`;
const client = new ApolloClient({
  link: new HttpLink({ uri: url }),
  cache: new InMemoryCache(),
  incrementalHandler: new Defer20220824Handler(),
});
client.watchQuery({ query, variables: { sid, other } }).subscribe(({ data, dataState }) => {
  if (dataState === 'empty') return;
  const { call, callLookup } = data;
  console.log(JSON.stringify({ dataState, call: call.state, later: callLookup?.status }));
});
