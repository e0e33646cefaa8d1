import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { retryExchange } from '@urql/exchange-retry';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

/**
 * `schema` is the answer to an introspection query; `token()` gives a bearer token; `attempts` are
 * made in all.
 */
export function connect({ url, schema, token, attempts = 5, fetch = globalThis.fetch }) {
  // What has no `id` is a part of what holds it.
  const parts = schema.__schema.types.filter(
    ({ kind, fields }) => kind === 'OBJECT' && !fields.some(({ name }) => name === 'id'),
  );
  const cache = cacheExchange({
    schema,
    keys: Object.fromEntries(parts.map(({ name }) => [name, () => null])),
    resolvers: { Query: { calls: relayPagination() } },
  });

  // Somebody whom the gateway does not know (any more) asks once more, with a new token.
  const authorizing = authExchange(async ({ appendHeaders }) => {
    let given = await token?.();
    return {
      addAuthToOperation: (operation) =>
        given ? appendHeaders(operation, { Authorization: `Bearer ${given}` }) : operation,
      didAuthError: ({ graphQLErrors }) =>
        graphQLErrors.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED'),
      refreshAuth: async () => {
        given = await token?.();
      },
    };
  });

  // A subscription comes back by itself: what ends it is for good.
  const retrying = retryExchange({
    maxNumberAttempts: attempts,
    retryIf: ({ networkError, graphQLErrors }, { kind }) =>
      networkError ? kind === 'query' : graphQLErrors.every(({ extensions }) => extensions.retryable),
  });

  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket, // a browser has its own
    connectionParams: async () => token && { Authorization: `Bearer ${await token()}` },
    retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
    shouldRetry: (problem) => !(problem instanceof Error), // that is one of `token()`
  });
  // What ends a subscription: GraphQL errors, or the event of a closed connection, such as 4401.
  const asError = (problem) =>
    problem instanceof Error ? problem : new Error(problem.reason ?? problem[0].message);
  const following = subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({
        unsubscribe: socket.subscribe(request, {
          ...sink,
          error: (problem) => sink.error(asError(problem)),
        }),
      }),
    }),
  });

  return new Client({
    url,
    fetch,
    exchanges: [cache, authorizing, retrying, fetchExchange, following],
  });
}
