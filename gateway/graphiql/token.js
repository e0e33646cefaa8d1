// The bearer token of the reader, in one place for all pages of this gateway. It is kept until this tab of the
// browser is closed, or in this browser until it is forgotten. Another gateway on the same host has its own.
import { endpoint } from "./endpoint.js";

const NAME = `bearer-token:${endpoint.pathname}`;
const listeners = new Set();

export const token = () => sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);

export const isKeptInBrowser = () => localStorage.getItem(NAME) !== null;

export function keepToken(token, inBrowser) {
  remove();
  (inBrowser ? localStorage : sessionStorage).setItem(NAME, token);
  tell();
}

export function forgetToken() {
  remove();
  tell();
}

// Calls `listener` whenever the token is another one, by another tab of this browser too.
export function onTokenChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function remove() {
  for (const storage of [sessionStorage, localStorage]) storage.removeItem(NAME);
}

function tell() {
  for (const listener of listeners) listener();
}

addEventListener("storage", ({ key }) => {
  if (key === NAME || key === null) tell();
});
