import { ClientError, GraphQLClient } from 'graphql-request';

const ATTEMPTS = 5;

/** Queries go by GET, which HTTP caches understand. */
export function connect({ url, headers, fetch = globalThis.fetch }) {
  const queries = new GraphQLClient(url, { method: 'GET', jsonSerializer: JSON, headers, fetch });
  const changes = new GraphQLClient(url, { headers, fetch });

  /** The answer to a query. What may pass is asked again, after `retryAfterSeconds` if given. */
  async function ask(document, variables) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await queries.request(document, variables);
      } catch (error) {
        const told = error instanceof ClientError && error.response.errors?.[0].extensions;
        if (!told?.retryable || attempt === ATTEMPTS) throw error;
        const seconds = told.retryAfterSeconds ?? 0.2 * 2 ** attempt * Math.random();
        await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      }
    }
  }

  return { ask, change: (document, variables) => changes.request(document, variables) };
}
