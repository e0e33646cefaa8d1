// Shows a call and follows it, by multipart HTTP; prints each version that is shown.
import { gql } from '@apollo/client';
import { connect } from './client.mjs';
import { token } from '../token.mjs';

const [url, sid] = process.argv.slice(2);
const query = gql`
  query Show($sid: CallSid!) {
    call(sid: $sid) { id processing { version } }
  }
`;
const subscription = gql`
  subscription Follow($sid: CallSid!) {
    callUpdates(sid: $sid) { status call { id processing { version } } }
  }
`;
const say = (line) => console.log(JSON.stringify(line));
const client = connect({ url, token });
await new Promise((shown) => {
  client.watchQuery({ query, variables: { sid } }).subscribe(({ loading, data, error }) => {
    if (loading) return;
    say(error ? { error: error.message } : data.call.processing);
    shown();
  });
});
client.subscribe({ query: subscription, variables: { sid } }).subscribe({
  next: ({ error }) => error && say({ error: error.message }),
  complete: () => say({ end: true }),
});
