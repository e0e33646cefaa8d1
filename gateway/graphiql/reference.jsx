import { useMemo } from "react";
import { isNamedType } from "graphql";
import { pick, useGraphiQL } from "@graphiql/react";
import { DOC_EXPLORER_PLUGIN, DocExplorer, useDocExplorer } from "@graphiql/plugin-doc-explorer";
import { endpoint } from "./endpoint.js";

// The explorer of GraphiQL, and below it a link to the same place in the documentation. GraphiQL knows its
// explorer by identity: another object would lose its place and its icon.
DOC_EXPLORER_PLUGIN.content = function Explorer() {
  const [item, parent] = useDocExplorer().toReversed();
  return (
    <>
      <DocExplorer />
      <Reference href={`docs/schema.html${anchorOf(item, parent)}`}>{item.name} in the documentation</Reference>
    </>
  );
};

function anchorOf(item, parent) {
  if (!item.def) return "";
  return isNamedType(item.def) ? `#${item.name.toLowerCase()}` : `#${parent.name}.${item.name}`;
}

const CODE = /"code":\s*"([A-Z_]+)"/g;

// Below an answer with errors: what each code means.
export function ErrorCodes() {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const answer = tabs[activeTabIndex].response;
  const codes = useMemo(() => new Set([...(answer ?? "").matchAll(CODE)].map(([, code]) => code)), [answer]);
  return [...codes].map((code) => (
    <Reference key={code} href={`docs/errors.html#${code}`}>
      What to do about {code}
    </Reference>
  ));
}

function Reference({ href, children }) {
  return (
    <a className="reference" href={new URL(href, endpoint).href} target="_blank">
      {children}
    </a>
  );
}
