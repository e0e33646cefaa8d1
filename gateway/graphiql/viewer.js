// Which viewer the reader is to the gateway. `phase` is "open" where no token is needed, "asking" while the
// gateway waits for one, "checking" while it looks at one, and "known" then.
import { useSyncExternalStore } from "react";
import { endpoint } from "./endpoint.js";
import { keepToken, onTokenChange, token } from "./token.js";

const QUERY = "query Viewer { viewer { name account subaccounts scopes } }";
const needsToken = document.querySelector("meta[name=graphql-access]").content === "token";
const listeners = new Set();
let state = { phase: "open", viewer: null, problem: null, isShown: false };
let seen = null; // the token that the state is about

export const useViewer = () => useSyncExternalStore(subscribe, () => state);
export const show = (isShown) => become({ isShown });

// Keeps a token if the gateway knows it; otherwise the state says what is wrong with it.
export function introduce(shown, inBrowser) {
  check(shown, () => {
    seen = shown;
    keepToken(shown, inBrowser);
  });
}

// A request with the token `shown`, or with none, was refused; that it is another one by now may be.
export function refused(shown, problem) {
  if (shown === token()) ask(shown && problem);
}

function look() {
  seen = token();
  if (seen) check(seen);
  else ask(null);
}

async function check(shown, keep = () => {}) {
  become({ phase: "checking", problem: null });
  try {
    const viewer = await identify(shown);
    keep();
    become({ phase: "known", viewer, isShown: false });
  } catch ({ message }) {
    ask(message);
  }
}

async function identify(shown) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json",
      Authorization: `Bearer ${shown}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ query: QUERY }),
  }).catch(() => {
    throw new Error("The gateway cannot be reached.");
  });
  const { data, errors } = await response.json().catch(() => {
    throw new Error(`The gateway answered with HTTP ${response.status}, and nothing that can be read.`);
  });
  if (response.status === 401) throw new Error(errors[0].message);
  return data?.viewer ?? {}; // it is known, even if it may not ask this now
}

function ask(problem) {
  become({ phase: "asking", viewer: null, problem, isShown: true });
}

function become(change) {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

onTokenChange(() => {
  if (token() !== seen) look();
});
if (needsToken) look();
