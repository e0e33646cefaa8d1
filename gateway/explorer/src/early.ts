// Sends the first questions of a view while the rest of the page is still being loaded: otherwise they would wait for
// all of it. The client of the page takes these answers instead of asking again.
import { endpoint } from "../../graphiql/endpoint.js";
import { introduced } from "../../graphiql/headers.js";
import { token } from "../../graphiql/token.js";
import { current, isSid } from "./address";
import hashes from "./generated/hashes.json";
import { figureVariables } from "./overview/figure-variables";
import type { VIEWS } from "./views";
import { windowIn } from "./window";

export interface Early {
  variables: object;
  shown: string | null | undefined; // the token that it was asked with
  response: Promise<Response>;
}

type Name = keyof typeof hashes;
const NEEDS_TOKEN = document.querySelector<HTMLMetaElement>("meta[name=graphql-access]")?.content === "token";
const asked = new Map<string, Early>();

export function askEarly(view: keyof typeof VIEWS | undefined): void {
  if (NEEDS_TOKEN && !token()) return;
  const {
    path: [, sid],
    search,
  } = current();
  ask("WarehouseCoverage", {});
  if (view === "overview") ask("Figures", figureVariables(windowIn(search)));
  if (view === "call" && isSid(sid)) ask("OneCall", { sid });
  ask("WhoAmI", {});
}

// The answer to a question that was asked early, once.
export function takeEarly(name: string): Early | undefined {
  const early = asked.get(name);
  asked.delete(name);
  return early;
}

function ask(operationName: Name, variables: object): void {
  const { headers, shown } = introduced({
    Accept: "application/graphql-response+json",
    "Content-Type": "application/json",
  });
  const body = JSON.stringify({ documentId: hashes[operationName], operationName, variables });
  const response = fetch(endpoint, { method: "POST", headers, body });
  response.catch(() => {}); // it is for whoever takes the answer to tell
  asked.set(operationName, { variables, shown, response });
}
