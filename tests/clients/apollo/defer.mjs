// Shows a call at once, and another when its summary is complete; prints what is shown each time.
import { gql } from '@apollo/client';
import { connect } from './client.mjs';

const [url, sid, other] = process.argv.slice(2);
const query = gql`
  query Show($sid: CallSid!, $other: CallSid!) {
    call(sid: $sid) { id state }
    ... @defer {
      callLookup(sid: $other, waitFor: COMPLETE, timeoutSeconds: 60) { status call { id state } }
    }
  }
`;
const list = connect({ url }).watchQuery({ query, variables: { sid, other } });
list.subscribe(({ data, dataState }) => {
  if (dataState === 'empty') return;
  const { call, callLookup } = data;
  console.log(JSON.stringify({ dataState, call: call.state, later: callLookup?.status }));
});
