// Shows a call and follows it; prints each version that is shown.
import { fetchQuery, requestSubscription } from 'relay-runtime';
import { observeFragment } from 'relay-runtime/experimental.js';
import { connect } from './environment.js';
import { graphql } from './graphql.js';
import { token } from '../token.mjs';

const [url, sid] = process.argv.slice(2);
const query = graphql`
  query liveQuery($sid: CallSid!) {
    call(sid: $sid) { ...live_call }
  }
`;
const fragment = graphql`
  fragment live_call on Call {
    processing { version }
  }
`;
const subscription = graphql`
  subscription liveSubscription($sid: CallSid!) {
    callUpdates(sid: $sid) { call { ...live_call } }
  }
`;

const say = (line) => console.log(JSON.stringify(line));
const environment = connect({ url, token });
const shown = fetchQuery(environment, query, { sid }).toPromise();
await shown.then(
  ({ call }) =>
    observeFragment(environment, fragment, call).subscribe({
      next: ({ state, value }) => state === 'ok' && say(value.processing),
    }),
  ({ message }) => say({ error: message }),
);
requestSubscription(environment, {
  subscription,
  variables: { sid },
  onError: ({ message }) => say({ error: message }),
  onCompleted: () => say({ end: true }),
});
