// Subscriptions, over WebSocket. A connection that is lost is made again, for as long as it takes.
import { createClient } from "graphql-ws";
import { useSyncExternalStore } from "react";
import { endpoint } from "./endpoint.js";
import { introduced } from "./headers.js";
import { onTokenChange } from "./token.js";
import { refused } from "./viewer.js";

const REFUSED = 4401;
const LONGEST_WAIT = 10_000;
const address = new URL(endpoint);
address.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const listeners = new Set();
let isLost = false;
let client;

// Whether a subscription has lost its connection, and has not got another one yet.
export const useIsLost = () => useSyncExternalStore(subscribe, () => isLost);

// The answers to a subscription, in the form in which GraphiQL takes them.
export const follow = (question, headers) => ({
  subscribe({ next, error, complete }) {
    let shown;
    client = createClient({
      url: address.href,
      connectionParams() {
        const all = introduced(headers);
        shown = all.shown;
        return Object.fromEntries(all.headers);
      },
      retryAttempts: Infinity,
      retryWait: (retries) => wait(Math.min(LONGEST_WAIT, 200 * 2 ** retries) * (1 + Math.random())),
      shouldRetry: (problem) => !(problem instanceof Error),
      on: { connecting: lose, connected: () => lose(false) },
    });
    const stop = client.subscribe(question, {
      next,
      error(problem) {
        lose(false);
        if (problem.code === REFUSED && shown !== undefined) refused(shown, problem.reason);
        error(Array.isArray(problem) ? problem : { message: problem.reason ?? problem.message });
      },
      complete() {
        lose(false);
        complete();
      },
    });
    return { unsubscribe: stop };
  },
});

// With the token goes what was opened with it.
onTokenChange(() => client?.dispose());

const wait = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

function lose(lost) {
  isLost = lost;
  for (const listener of listeners) listener();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
