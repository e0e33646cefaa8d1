// Asks for a call that has a client edge and for one that has none; annotates the first, and asks
// for it again by its id. Prints what the store shows.
import { commitMutation, fetchQuery, getRefetchMetadata, getSingularSelector } from 'relay-runtime';
import { observeFragment, waitForFragmentData } from 'relay-runtime/experimental.js';
import { connect } from './environment.js';
import { graphql } from './graphql.js';

const [url, sid, other] = process.argv.slice(2);
const query = graphql`
  query callQuery($sid: CallSid!) {
    call(sid: $sid) { id ...call_score ...call_jitter }
  }
`;
const score = graphql`
  fragment call_score on Call @refetchable(queryName: "callAgainQuery") {
    annotation { callScore }
  }
`;
const jitter = graphql`
  fragment call_jitter on Call {
    clientEdge @required(action: NONE) {
      metrics @required(action: NONE) { outbound { jitter { max } } }
    }
  }
`;
const annotate = graphql`
  mutation callAnnotateMutation($input: AnnotateCallInput!) {
    annotateCall(input: $input) { userErrors { code } }
  }
`;

const environment = connect({ url });
const get = async (sid) => (await fetchQuery(environment, query, { sid }).toPromise()).call;
const [call, without] = await Promise.all([get(sid), get(other)]);
const scores = [];
observeFragment(environment, score, call).subscribe({
  next: ({ state, value }) => state === 'ok' && scores.push(value.annotation?.callScore),
});
await new Promise((onCompleted, onError) => {
  const variables = { input: { sid, callScore: 2 } };
  commitMutation(environment, { mutation: annotate, variables, onCompleted, onError });
});
const { refetchableRequest } = getRefetchMetadata(score, 'refetch');
await fetchQuery(environment, refetchableRequest, { id: call.id }).toPromise();
console.log(
  JSON.stringify({
    scores,
    required: {
      with: await waitForFragmentData(environment, jitter, call),
      without: environment.lookup(getSingularSelector(jitter, without)).data,
    },
  }),
);
