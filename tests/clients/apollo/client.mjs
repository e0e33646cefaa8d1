import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQL17Alpha9Handler } from '@apollo/client/incremental';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { RetryLink } from '@apollo/client/link/retry';
import { relayStylePagination } from '@apollo/client/utilities';
import { map } from 'rxjs';

/** `token()` gives a bearer token; `attempts` are made in all. */
export function connect({ url, token, attempts = 5, fetch = globalThis.fetch }) {
  // All pages of a list are one list; another filter or order is another list.
  const cache = new InMemoryCache({
    typePolicies: {
      Query: { fields: { calls: relayStylePagination(['filter', 'sortBy']) } },
    },
  });

  const authorize = new SetContextLink(async ({ headers }) => ({
    headers: { ...headers, ...(token && { authorization: `Bearer ${await token()}` }) },
  }));

  // Somebody whom the gateway does not know (any more) asks once more, with a new token.
  const renewing = new ErrorLink(({ error, operation, forward }) => {
    const code = CombinedGraphQLErrors.is(error) && error.errors[0].extensions?.code;
    if (token && code === 'UNAUTHENTICATED' && !operation.getContext().renewed) {
      operation.setContext({ renewed: true });
      return forward(operation);
    }
  });

  // RetryLink minds errors that are thrown, and an answer with errors is none: throw what may pass.
  const throwing = new ApolloLink((operation, forward) =>
    forward(operation).pipe(
      map((result) => {
        if (result.errors?.every(({ extensions }) => extensions?.retryable)) {
          throw new CombinedGraphQLErrors(result);
        }
        return result;
      }),
    ),
  );
  const retrying = new RetryLink({
    attempts: (count, { operationType }, error) =>
      count < attempts && (CombinedGraphQLErrors.is(error) || operationType !== 'mutation'),
    delay: (count, _, error) =>
      1000 * (error.errors?.[0].extensions.retryAfterSeconds ?? 0.2 * 2 ** count * Math.random()),
  });

  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const http = new HttpLink({ uri: url, fetch });
  const link = ApolloLink.from([renewing, authorize, retrying, throwing, persisted, http]);
  return new ApolloClient({ cache, link, incrementalHandler: new GraphQL17Alpha9Handler() });
}

async function sha256(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
