import { useSubscription } from '@apollo/client/react';
import { graphql } from './gql';
import { worstEdge } from './worstEdge';

const UPDATES = graphql(`
  subscription Updates($sid: CallSid!) {
    callUpdates(sid: $sid) {
      status
      message
      call {
        id
        state
        tags
        processing { version isFinal }
        ...Edges
      }
    }
  }
`);

/** A call as it is now, and each newer version of its summary as it comes. */
export function LiveSummary({ sid }: { sid: string }) {
  const { data, error } = useSubscription(UPDATES, { variables: { sid } });
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p>Asking …</p>;
  const { status, message, call } = data.callUpdates;
  return (
    <section aria-label="Live summary">
      <h2>{sid}</h2>
      <p>
        {status}: {message}
      </p>
      {call && (
        <p>
          Version {call.processing.version}
          {call.processing.isFinal && ', the last one'}. {worstEdge(call)}. {call.tags.join(', ')}
        </p>
      )}
    </section>
  );
}
