import { type ReactNode, useMemo } from "react";
import { calls } from "../format";
import { ListCallsDocument, type ListCallsQuery } from "../generated/graphql";
import { CoverageLine } from "../shell/coverage";
import { messageOf } from "../ui/asked";
import { Answer, Empty, Notice, Skeleton } from "../ui/panel";
import { QueryButton } from "../ui/query";
import { useWindow } from "../use-address";
import { useColumns } from "./column-menu";
import { Download } from "./download";
import { LIST_FIELDS, listFilter, useConditions } from "./filters";
import { useRows } from "./rows";
import { CallTable } from "./table";
import { Toolbar } from "./toolbar";

const PAGE = 100;
const pageOf = (data: ListCallsQuery) => data.calls;

// Calls as Twilio lists them: what there is without a warehouse.
export function CallList({ children }: { children?: ReactNode }) {
  const [{ since, until }] = useWindow();
  const [conditions] = useConditions();
  const [columns] = useColumns();
  const key = JSON.stringify([since, until, conditions]);
  const variables = useMemo(() => ({ filter: listFilter(conditions, since, until), first: PAGE }), [key]);
  const { asked, rows, hasMore, isMore, error, more } = useRows(ListCallsDocument, variables, pageOf);
  return (
    <div className="page calls">
      <header className="page-head">
        <h1>Calls</h1>
        <p role="status">{asked.data && `${calls(rows.length)}${hasMore ? " so far, more below" : ""}`}</p>
        <CoverageLine />
      </header>
      {children}
      <Toolbar fields={LIST_FIELDS}>
        <Download rows={rows} columns={columns} question={asked} />
        <QueryButton title="Calls" question={asked} />
      </Toolbar>
      <div className="panel flush">
        <Answer asked={asked} skeleton={<Skeleton lines={12} />}>
          {() =>
            rows.length ? (
              <CallTable columns={columns} rows={rows} onEnd={more} />
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
  );
}
