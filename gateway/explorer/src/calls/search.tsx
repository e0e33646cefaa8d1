import { useMemo } from "react";
import { exactly } from "../format";
import { type CallField, type CallWhere, SearchCallsDocument, type SearchCallsQuery } from "../generated/graphql";
import { CoverageLine } from "../shell/coverage";
import { messageOf } from "../ui/asked";
import { useHasSide } from "../ui/media";
import { Answer, Empty, Notice, Skeleton } from "../ui/panel";
import { QueryButton } from "../ui/query";
import { useParameter, useWindow } from "../use-address";
import { whereOf } from "../window";
import { useColumns } from "./column-menu";
import { Download } from "./download";
import { Facets, FacetsButton } from "./facets";
import { SEARCH_FIELDS, searchWhere, useConditions } from "./filters";
import { useRows } from "./rows";
import { LiveButton, useLiveRows } from "./live";
import { CallTable, type Order } from "./table";
import { Toolbar } from "./toolbar";

const PAGE = 100;
const pageOf = (data: SearchCallsQuery) => data.searchCalls;

// All calls that the warehouse has, by any field and in any order.
export function CallSearch() {
  const [columns] = useColumns();
  const where = useWhere();
  const order = useOrder();
  const variables = useMemo(
    () => ({ where, orderBy: [{ field: order.by, direction: order.isAscending ? "ASC" : "DESC" } as const], first: PAGE }),
    [where, order.by, order.isAscending],
  );
  const { asked, rows: found, isMore, error, more } = useRows(SearchCallsDocument, variables, pageOf);
  const live = useLiveRows(where);
  const hasSide = useHasSide();
  const rows = useMemo(() => [...new Map([...live, ...found].map((row) => [row.sid, row])).values()], [live, found]);
  const total = asked.data?.searchCalls.totalCount;
  return (
    <div className="page calls">
      <header className="page-head">
        <h1>Calls</h1>
        <p role="status">{total !== undefined && exactly(total)}{live.length > 0 && `, ${live.length} new`}</p>
        <CoverageLine />
      </header>
      <Toolbar fields={SEARCH_FIELDS}>
        {!hasSide && <FacetsButton where={where} />}
        <LiveButton />
        <Download rows={rows} columns={columns} question={asked} total={total} />
        <QueryButton title="Calls" question={asked} />
      </Toolbar>
      <div className="search-grid">
        {hasSide && <Facets where={where} />}
        <div className="panel flush">
          <Answer asked={asked} skeleton={<Skeleton lines={12} />}>
            {() =>
              rows.length ? (
                <CallTable columns={columns} rows={rows} total={total} order={order} onEnd={more} />
              ) : (
                <Empty title="No call fits">
                  <p>Take a filter away, or look further back.</p>
                </Empty>
              )
            }
          </Answer>
          {isMore && <p className="table-foot">Loading more …</p>}
          {error && <Notice>The next page could not be loaded: {messageOf(error)}</Notice>}
        </div>
      </div>
    </div>
  );
}

function useWhere(): CallWhere {
  const [window] = useWindow();
  const [conditions] = useConditions();
  const text = JSON.stringify(conditions);
  return useMemo(() => {
    const further = searchWhere(conditions);
    return { ...whereOf(window), ...(further.length && { and: further }) };
  }, [window, text]);
}

function useOrder(): Order {
  const [text, change] = useParameter("order", "END_TIME:DESC");
  const [by, direction] = text.split(":");
  return {
    by: by as CallField,
    isAscending: direction === "ASC",
    change: (next, isAscending) => change(`${next}:${isAscending ? "ASC" : "DESC"}`),
  };
}
