// A list of calls page by page: the first as it is asked for, each further one when it is wanted.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type CombinedError, useClient } from "urql";
import { type Asked, useAsked } from "../ui/asked";
import type { Row } from "./columns";

export interface Page {
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface Rows<Data> {
  asked: Asked<Data>;
  rows: Row[];
  hasMore: boolean;
  isMore: boolean; // whether a further page is under way
  error: CombinedError | undefined;
  more: () => void;
}

export function useRows<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pageOf: (data: Data) => Page,
): Rows<Data> {
  const client = useClient();
  const asked = useAsked(document, variables);
  const first = asked.data && pageOf(asked.data);
  const [further, setFurther] = useState<Page[]>([]);
  const [{ isMore, error }, become] = useState<{ isMore: boolean; error?: CombinedError }>({ isMore: false });
  const start = first?.pageInfo.endCursor;
  const asking = useRef<object>(null);

  // Behind another first page, the further ones are others.
  useEffect(() => {
    asking.current = null;
    setFurther([]);
    become({ isMore: false });
  }, [start]);

  const last = further.at(-1) ?? first;
  const more = useCallback(async () => {
    if (!last?.pageInfo.hasNextPage || asking.current) return;
    const mine = {};
    asking.current = mine;
    become({ isMore: true });
    const answer = await client.query(document, { ...variables, after: last.pageInfo.endCursor } as Variables).toPromise();
    if (asking.current !== mine) return; // it is another list by now
    asking.current = null;
    become({ isMore: false, ...(answer.error && { error: answer.error }) });
    if (answer.data) setFurther((pages) => [...pages, pageOf(answer.data as Data)]);
  }, [client, document, variables, last, pageOf]);

  const rows = useMemo(() => [...(first?.nodes ?? []), ...further.flatMap(({ nodes }) => nodes)], [first, further]);
  return {
    asked,
    rows,
    hasMore: last?.pageInfo.hasNextPage ?? false,
    isMore,
    error,
    more,
  };
}
