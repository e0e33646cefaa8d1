// A question and how far its answer is. What was shown stays while it is asked again.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useDeferredValue, useEffect } from "react";
import { type CombinedError, useQuery } from "urql";

export interface Question {
  document: TypedDocumentNode<any, any>;
  variables: Record<string, unknown>;
}

export interface Asked<Data> extends Question {
  data: Data | undefined;
  error: CombinedError | undefined;
  isLoading: boolean;
  isStale: boolean;
  again: () => void;
}

export function useAsked<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pause = false,
  every?: number, // milliseconds after which it is asked again, while somebody looks
): Asked<Data> {
  const [{ data: latest, error, fetching, stale }, execute] = useQuery<Data>({ query: document, variables, pause });
  const data = useDeferredValue(latest) ?? undefined; // drawn in short tasks; null where the only answer is an error
  useEffect(() => {
    if (!every || pause) return;
    const again = () => globalThis.document.visibilityState === "visible" && execute({ requestPolicy: "network-only" });
    const asking = setInterval(again, every);
    return () => clearInterval(asking);
  }, [every, pause, execute]);
  return {
    document,
    variables,
    data,
    error,
    isLoading: fetching && !data,
    isStale: Boolean(data) && (stale || fetching || error !== undefined),
    again: useCallback(() => execute({ requestPolicy: "network-only" }), [execute]),
  };
}

export function codeOf(error: CombinedError | undefined): string | undefined {
  return error?.graphQLErrors[0]?.extensions["code"] as string | undefined;
}

export function messageOf(error: CombinedError): string {
  return error.graphQLErrors[0]?.message ?? error.networkError?.message ?? error.message;
}
