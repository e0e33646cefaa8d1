// Asks while Twilio cannot be asked: for a field that may be null, and for one that may not.
import { fetchQuery } from 'relay-runtime';
import { connect } from './environment.js';
import { graphql } from './graphql.js';

const [url, sid] = process.argv.slice(2);
const one = graphql`
  query failuresCallQuery($sid: CallSid!) {
    call(sid: $sid) @catch { state }
  }
`;
const many = graphql`
  query failuresCallsQuery {
    calls(first: 1) { edges { node { state } } }
  }
`;
const environment = connect({ url });
const { call } = await fetchQuery(environment, one, { sid }).toPromise();
const thrown = await fetchQuery(environment, many, {}).toPromise().catch((error) => error);
console.log(JSON.stringify({ caught: call, thrown: thrown.source.errors }));
