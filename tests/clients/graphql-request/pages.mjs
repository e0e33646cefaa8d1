// Walks through the calls of a window to the end, then annotates one; or prints the code of what
// cannot be answered.
import { gql } from 'graphql-request';
import { connect } from './client.mjs';
import { token } from '../token.mjs';

const [url, startTime, endTime] = process.argv.slice(2);
const calls = gql`
  query Calls($filter: CallFilter, $after: String) {
    calls(filter: $filter, first: 100, after: $after) {
      nodes { sid }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const annotate = gql`
  mutation Annotate($input: AnnotateCallInput!) {
    annotateCall(input: $input) { call { annotation { callScore } } userErrors { code } }
  }
`;
const fetch = async (url, options) => {
  const response = await globalThis.fetch(url, options);
  const { errors } = await response.clone().json();
  console.log(JSON.stringify({ method: options.method, code: errors?.[0].extensions.code }));
  return response;
};
const { ask, change } = connect({ url, token, fetch });
try {
  const sids = [];
  let pageInfo = { hasNextPage: true };
  while (pageInfo.hasNextPage) {
    const variables = { filter: { startTime, endTime }, after: pageInfo.endCursor };
    const page = (await ask(calls, variables)).calls;
    sids.push(...page.nodes.map(({ sid }) => sid));
    pageInfo = page.pageInfo;
  }
  const { annotateCall } = await change(annotate, { input: { sid: sids[3], callScore: 2 } });
  console.log(JSON.stringify({ sids, callScore: annotateCall.call.annotation.callScore }));
} catch (error) {
  console.log(JSON.stringify({ error: error.response.errors[0].extensions.code }));
}
