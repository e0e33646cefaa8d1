import { createClient } from 'graphql-ws';
import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime';
import WebSocket from 'ws';

/** Documents are asked for by the ids that the compiler gave them. */
export function connect({ url, headers }) {
  const ask = async ({ id }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ doc_id: id, variables }),
    });
    return response.json();
  };
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket, // a browser has its own
    retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
    shouldRetry: () => true,
  });
  const follow = ({ id }, variables) =>
    Observable.create((sink) =>
      socket.subscribe({ doc_id: id, query: '', variables }, sink), // graphql-ws wants a `query`
    );
  return new Environment({
    network: Network.create(ask, follow),
    store: new Store(new RecordSource()),
  });
}
