import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { retryExchange } from '@urql/exchange-retry';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

/** `schema` is the answer to an introspection query; `attempts` are made in all. */
export function connect({ url, schema, headers, attempts = 5, fetch = globalThis.fetch }) {
  // What has no `id` is a part of what holds it.
  const parts = schema.__schema.types.filter(
    ({ kind, fields }) => kind === 'OBJECT' && !fields.some(({ name }) => name === 'id'),
  );
  const cache = cacheExchange({
    schema,
    keys: Object.fromEntries(parts.map(({ name }) => [name, () => null])),
    resolvers: { Query: { calls: relayPagination() } },
  });

  const retrying = retryExchange({
    maxNumberAttempts: attempts,
    retryIf: ({ networkError, graphQLErrors }, { kind }) =>
      networkError ? kind !== 'mutation' : graphQLErrors.every(({ extensions }) => extensions.retryable),
  });

  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket, // a browser has its own
    retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
    shouldRetry: () => true,
  });
  const following = subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe(request, sink) }),
    }),
  });

  return new Client({
    url,
    fetch,
    fetchOptions: { headers },
    exchanges: [cache, retrying, fetchExchange, following],
  });
}
