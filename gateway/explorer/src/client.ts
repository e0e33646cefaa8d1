// How the page asks: each document by its hash, with the reader's token; subscriptions over WebSocket.
import { Client, cacheExchange, fetchExchange, stringifyDocument, stringifyVariables, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { endpoint } from "../../graphiql/endpoint.js";
import { HEADER as EXPLAIN } from "../../graphiql/explanation.js";
import { introduced } from "../../graphiql/headers.js";
import { follow } from "../../graphiql/live.js";
import { refused } from "../../graphiql/viewer.js";
import { takeEarly } from "./early";
import type { Question } from "./ui/asked";
import hashes from "./generated/hashes.json";

const NAME = /\b(?:query|mutation|subscription) (\w+)/;

export const makeClient = () =>
  new Client({
    url: endpoint.href,
    preferGetMethod: false,
    requestPolicy: "cache-and-network",
    fetch: ask,
    exchanges: [
      cacheExchange,
      persistedExchange({
        enableForMutation: true,
        preferGetForPersistedQueries: false, // an address is written to logs, and variables may be numbers of people
        generateHash: async (query) => hashOf(query),
      }),
      subscriptionExchange({ forwardSubscription: ({ query = "", variables }) => follow({ query, variables }) }),
      fetchExchange,
    ],
  });

function hashOf(query: string): string {
  const name = NAME.exec(query)?.[1];
  return hashes[name as keyof typeof hashes];
}

async function ask(address: RequestInfo | URL, request?: RequestInit): Promise<Response> {
  const { headers, shown } = introduced(request?.headers);
  const early = earlyAnswer(request?.body, shown);
  const response = await (early ?? fetch(address, { ...request, headers })).catch((problem: unknown) => {
    if (problem instanceof DOMException) throw problem; // the page itself lost its interest
    throw new Error("The gateway cannot be reached.");
  });
  if (response.status === 401 && shown !== undefined) {
    const { errors } = await response.clone().json();
    refused(shown, errors[0].message);
  }
  return response;
}

// The answer to the very same question, if it was asked before this client was there.
function earlyAnswer(body: unknown, shown: string | null | undefined): Promise<Response> | undefined {
  const { operationName, variables } = JSON.parse(String(body));
  const early = takeEarly(operationName);
  const isSame = early?.shown === shown && stringifyVariables(early?.variables ?? {}) === stringifyVariables(variables ?? {});
  return isSame ? early?.response : undefined;
}

// The rows of the one connection of a document, as a file.
export async function sendAs(type: string, question: Question): Promise<Blob> {
  const response = await send(question, { Accept: type });
  if (response.headers.get("content-type")?.startsWith(type)) return response.blob();
  const { errors } = await response.json();
  throw new Error(errors[0].message);
}

export interface Cost {
  requested: number;
  actual: number;
  upstreamRequests: number;
  cacheHits: number;
  cachedAnswer: boolean;
  fields: object[];
}

// What a question costs, with the work of each field: it is asked once more for that.
export async function costOf(question: Question): Promise<Cost> {
  const response = await send(question, { Accept: "application/json", [EXPLAIN]: "1" });
  const { extensions, errors } = await response.json();
  if (extensions?.cost) return extensions.cost;
  throw new Error(errors[0].message);
}

function send({ document, variables }: Question, headers: Record<string, string>): Promise<Response> {
  return ask(endpoint, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ documentId: hashOf(stringifyDocument(document)), variables }),
  });
}
