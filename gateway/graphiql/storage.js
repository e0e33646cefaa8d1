// What GraphiQL remembers. Headers may hold tokens, so they stay in this tab of the browser and are gone when
// it is closed; all the rest is there for the next visit, too. Its own switch would leave out the history.
import { forgetToken } from "./token.js";

const WITH_HEADERS = ["graphiql:tabState", "graphiql:queries", "graphiql:favorites"];
const HEADERS = "graphiql:headers";

function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text), (name, value) => (name === "headers" ? null : value));
}

function ours() {
  return new Set(Object.keys({ ...localStorage, ...sessionStorage }).filter((key) => key.startsWith("graphiql:")));
}

export const storage = {
  getItem: (key) => sessionStorage.getItem(key) ?? localStorage.getItem(key),
  setItem(key, text) {
    sessionStorage.setItem(key, text);
    if (key !== HEADERS) localStorage.setItem(key, WITH_HEADERS.includes(key) ? withoutHeaders(text) : text);
  },
  removeItem(key) {
    sessionStorage.removeItem(key);
    localStorage.removeItem(key);
  },
  get length() {
    return ours().size;
  },
  clear() {
    for (const key of ours()) this.removeItem(key);
    forgetToken();
  },
};
