// One question as somebody would ask it elsewhere.
import { stringifyDocument } from "@urql/core";
import { endpoint } from "../../../graphiql/endpoint.js";
import type { Question } from "./asked";

const said = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content;
const WITH_TOKEN = said("graphql-access") === "token";
export const HAS_GRAPHIQL = said("graphql-beside") === "graphiql"; // and with it the documentation

export const textOf = ({ document }: Question) => stringifyDocument(document).replace(/^#.*\n/, "");
export const variablesOf = ({ variables }: Question) => JSON.stringify(variables, null, 2);

export function graphiqlAddress(question: Question): string {
  const page = new URL("../", location.href.split("#")[0]);
  page.hash = new URLSearchParams({ query: textOf(question), variables: variablesOf(question) }).toString();
  return page.href;
}

export const SNIPPETS: Record<string, (question: Question) => string> = {
  GraphQL: textOf,
  Variables: variablesOf,
  curl,
  fetch: fetched,
  Apollo: apollo,
  Python: python,
};

// Behind a quoted word, a shell takes every line as it is, up to that word.
function curl(question: Question): string {
  const token = WITH_TOKEN ? ` \\\n  --header "Authorization: Bearer $GATEWAY_TOKEN"` : "";
  const body = JSON.stringify({ query: textOf(question), variables: question.variables });
  return `curl ${endpoint.href} \\
  --header 'Content-Type: application/json'${token} \\
  --data @- <<'QUERY'
${body}
QUERY`;
}

function fetched(question: Question): string {
  const token = WITH_TOKEN ? "\n    Authorization: `Bearer ${token}`," : "";
  return `const query = ${quoted(textOf(question))};

const response = await fetch("${endpoint.href}", {
  method: "POST",
  headers: {
    "Content-Type": "application/json",${token}
  },
  body: JSON.stringify({ query, variables: ${indented(variablesOf(question), 2)} }),
});
const { data, errors } = await response.json();`;
}

function apollo(question: Question): string {
  const kind = /^(query|mutation|subscription)/.exec(textOf(question))?.[1] ?? "query";
  const [hook, shown] = {
    query: ["useQuery", "{ data, loading, error }"],
    mutation: ["useMutation", "[run, { data, error }]"],
    subscription: ["useSubscription", "{ data, error }"],
  }[kind] as [string, string];
  return `import { gql } from "@apollo/client";
import { ${hook} } from "@apollo/client/react";

const DOCUMENT = gql${quoted(textOf(question))};

const ${shown} = ${hook}(DOCUMENT, {
  variables: ${indented(variablesOf(question), 2)},
});`;
}

function python(question: Question): string {
  const token = WITH_TOKEN ? `, headers={"Authorization": f"Bearer {token}"}` : "";
  const variables = variablesOf(question)
    .replaceAll(/: true(,?)$/gm, ": True$1")
    .replaceAll(/: false(,?)$/gm, ": False$1")
    .replaceAll(/: null(,?)$/gm, ": None$1");
  return `import httpx

QUERY = """
${textOf(question).trim()}
"""

answer = httpx.post(
    "${endpoint.href}",
    json={"query": QUERY, "variables": ${indented(variables, 4)}}${token},
).json()`;
}

const quoted = (text: string) => `\`\n${text.trim().replaceAll("`", "\\`").replaceAll("$", "$")}\n\``;
const indented = (text: string, by: number) => text.replaceAll("\n", `\n${" ".repeat(by)}`);
