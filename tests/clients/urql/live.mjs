// Shows a call and follows it; prints each version that is shown.
import { gql } from '@urql/core';
import { connect } from './client.mjs';
import { schema } from './schema.mjs';
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
const client = connect({ url, token, schema });
client.query(query, { sid }).subscribe(({ data, error }) => {
  say(error ? { error: error.message } : data.call.processing);
});
await client.query(query, { sid }).toPromise();
client.subscription(subscription, { sid }).subscribe(({ error, hasNext }) => {
  if (error) say({ error: error.message });
  if (!hasNext) say({ end: true });
});
