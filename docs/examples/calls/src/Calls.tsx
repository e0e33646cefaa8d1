import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { graphql } from './gql';
import { LiveSummary } from './LiveSummary';
import { worstEdge } from './worstEdge';

const CALLS = graphql(`
  query Calls($after: String) {
    calls(first: 10, after: $after, filter: { state: COMPLETED, processingState: ALL }) {
      edges {
        node {
          id
          sid
          startTime
          type
          tags
          processing { isFinal }
          ...Edges
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export function Calls() {
  const { data, error, fetchMore } = useQuery(CALLS);
  const [followed, follow] = useState<string>();
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p>Asking …</p>;
  const { edges, pageInfo } = data.calls;
  return (
    <>
      {followed && <LiveSummary key={followed} sid={followed} />}
      <table>
        <thead>
          <tr>
            <th>Began</th>
            <th>Type</th>
            <th>Worst edge</th>
            <th>Tags</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {edges.map(({ node }) => (
            <tr key={node.id} id={node.sid}>
              <td>{node.startTime && new Date(node.startTime).toLocaleString()}</td>
              <td>{node.type}</td>
              <td>{worstEdge(node)}</td>
              <td>{node.processing.isFinal ? node.tags.join(', ') : 'not final yet'}</td>
              <td>
                <button onClick={() => follow(node.sid)}>Follow</button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {pageInfo.hasNextPage && (
        <button onClick={() => fetchMore({ variables: { after: pageInfo.endCursor } })}>
          Older calls
        </button>
      )}
    </>
  );
}
