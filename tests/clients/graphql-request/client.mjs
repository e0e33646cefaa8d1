import { ClientError, GraphQLClient } from 'graphql-request';

const ATTEMPTS = 5;

/** Queries go by GET, which HTTP caches understand; `token()` gives a bearer token. */
export function connect({ url, token, fetch = globalThis.fetch }) {
  const requestMiddleware = async (request) => {
    const headers = new Headers(request.headers);
    if (token) headers.set('Authorization', `Bearer ${await token()}`);
    return { ...request, headers };
  };
  const options = { requestMiddleware, fetch };
  const queries = new GraphQLClient(url, { ...options, method: 'GET', jsonSerializer: JSON });
  const changes = new GraphQLClient(url, options);

  /**
   * The answer to a query. What may pass is asked again, after `retryAfterSeconds` if given, and
   * what the gateway does not know the token of once, with a new one.
   */
  async function ask(document, variables) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await queries.request(document, variables);
      } catch (error) {
        const told = error instanceof ClientError && error.response.errors?.[0].extensions;
        if (token && told?.code === 'UNAUTHENTICATED' && attempt === 1) continue;
        if (!told?.retryable || attempt === ATTEMPTS) throw error;
        const seconds = told.retryAfterSeconds ?? 0.2 * 2 ** attempt * Math.random();
        await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      }
    }
  }

  return { ask, change: (document, variables) => changes.request(document, variables) };
}
