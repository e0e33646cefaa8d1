import { graphql } from './gql';
import type { EdgesFragment } from './gql/graphql';

graphql(`
  fragment Edges on Call {
    id
    edges {
      __typename
      metrics {
        inbound { ...Stream }
        outbound { ...Stream }
      }
    }
  }

  fragment Stream on MediaStream {
    packetsLossPercentage
    jitter { avg max }
  }
`);

/** Where along its way a call lost most, in words. */
export function worstEdge({ edges }: EdgesFragment): string {
  const streams = edges.flatMap(({ __typename, metrics }) =>
    [metrics?.inbound, metrics?.outbound].map((stream) => ({
      edge: __typename.replace('Edge', ''),
      loss: stream?.packetsLossPercentage ?? 0,
      jitter: stream?.jitter?.max ?? 0,
    })),
  );
  const [worst] = streams.sort((a, b) => b.loss - a.loss || b.jitter - a.jitter);
  if (!worst) return 'no media';
  return `${worst.edge}: ${worst.loss.toFixed(1)} % lost, jitter up to ${worst.jitter.toFixed(0)} ms`;
}
