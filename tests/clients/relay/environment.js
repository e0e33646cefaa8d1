import { createClient } from 'graphql-ws';
import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime';
import WebSocket from 'ws';

/** Documents are asked for by the ids that the compiler gave them; `token()` gives a bearer token. */
export function connect({ url, token }) {
  const authorization = async () => token && { Authorization: `Bearer ${await token()}` };
  const ask = async ({ id }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(await authorization()) },
      body: JSON.stringify({ doc_id: id, variables }),
    });
    return response.json();
  };
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket, // a browser has its own
    connectionParams: authorization, // called for each connection
    retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
    shouldRetry: (problem) => !(problem instanceof Error), // that is one of `token()`
  });
  // What ends a subscription: GraphQL errors, or the event of a closed connection, such as 4401.
  const asError = (problem) =>
    problem instanceof Error ? problem : new Error(problem.reason ?? problem[0].message);
  const follow = ({ id }, variables) =>
    Observable.create((sink) =>
      socket.subscribe(
        { doc_id: id, query: '', variables }, // graphql-ws wants a `query`
        { ...sink, error: (problem) => sink.error(asError(problem)) },
      ),
    );
  return new Environment({
    network: Network.create(ask, follow),
    store: new Store(new RecordSource()),
  });
}
