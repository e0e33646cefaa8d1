// How GraphiQL asks. A failure is told by its message alone: a stack would tell of this page, not of the request.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { getOperationAST } from "graphql";
import { endpoint } from "./endpoint.js";
import { explains } from "./explaining.js";
import { HEADER } from "./explanation.js";
import { introduced } from "./headers.js";
import { follow } from "./live.js";
import { refused } from "./viewer.js";

const ask = createGraphiQLFetcher({ url: endpoint.href, fetch: send });

// Every answer says what it took, and on demand why; see cost.jsx. A WebSocket of a browser has no headers.
export function fetcher(question, { documentAST, headers } = {}) {
  const operation = documentAST && getOperationAST(documentAST, question.operationName);
  if (operation?.operation === "subscription") {
    return follow(explains() ? { ...question, extensions: { cost: "explain" } } : question, headers);
  }
  const asked = explains() ? { ...headers, [HEADER]: "1" } : headers;
  return ask({ ...question, extensions: { cost: true } }, { documentAST, headers: asked });
}

async function send(address, request) {
  const { headers, shown } = introduced(request.headers);
  const response = await fetch(address, { ...request, headers }).catch(() => {
    throw { message: "The gateway cannot be reached." };
  });
  if (!/json|multipart/.test(response.headers.get("content-type"))) {
    throw { message: `HTTP ${response.status}: ${await response.text()}` };
  }
  if (response.status === 401 && shown !== undefined) {
    const { errors } = await response.clone().json();
    refused(shown, errors[0].message);
  }
  return response;
}
