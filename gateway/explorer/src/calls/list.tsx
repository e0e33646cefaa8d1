import { useMemo } from "react";
import { Button } from "react-aria-components";
import { useParameter } from "../address";
import { calls } from "../format";
import { ListCallsDocument, type ListCallsQuery } from "../generated/graphql";
import { messageOf } from "../ui/asked";
import { Choice } from "../ui/choice";
import { Icon } from "../ui/icon";
import { Answer, Empty, Notice, Skeleton } from "../ui/panel";
import { QueryButton } from "../ui/query";
import { ColumnMenu, useColumns } from "./column-menu";
import { download } from "./csv";
import { FilterBar } from "./filter-bar";
import { LIST_FIELDS, listFilter, useConditions } from "./filters";
import { useRows } from "./rows";
import { CallTable } from "./table";

const WINDOWS = [
  { id: "1h", name: "Last hour" },
  { id: "4h", name: "Last 4 hours" },
  { id: "1d", name: "Last 24 hours" },
  { id: "7d", name: "Last 7 days" },
  { id: "30d", name: "Last 30 days" },
];
const PAGE = 100;
const pageOf = (data: ListCallsQuery) => data.calls;

// Calls as Twilio lists them: what there is without a warehouse.
export function CallList() {
  const [since, change] = useParameter("since", "4h");
  const [conditions] = useConditions();
  const [columns] = useColumns();
  const key = JSON.stringify([since, conditions]);
  const variables = useMemo(() => ({ filter: listFilter(conditions, since), first: PAGE }), [key]);
  const { asked, rows, hasMore, isMore, error, more } = useRows(ListCallsDocument, variables, pageOf);
  return (
    <div className="page calls">
      <header className="page-head">
        <h1>Calls</h1>
        <p role="status">{asked.data && `${calls(rows.length)}${hasMore ? " so far, more below" : ""}`}</p>
      </header>
      <div className="toolbar">
        <Choice label="Window" value={since} onChange={change} options={WINDOWS} isLabelHidden />
        <FilterBar fields={LIST_FIELDS} />
        <div className="toolbar-end">
          <ColumnMenu />
          <Button className="button" isDisabled={!rows.length} onPress={() => download(rows, columns)}>
            <Icon name="download" />
            Download CSV
          </Button>
          <QueryButton title="Calls" question={asked} />
        </div>
      </div>
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
