import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef } from "react";
import { href } from "../address";
import { useIsNarrow } from "../ui/media";
import { Personal, State, TagsInShort, Time } from "../ui/values";
import type { CallField } from "../generated/graphql";
import { Icon } from "../ui/icon";
import type { Column, Row } from "./columns";

const ROW = 44;
const CARD = 92;
const AHEAD = 12; // rows before the end of which the next page is asked for

interface TableProps {
  columns: Column[];
  rows: Row[];
  total?: number;
  order?: Order;
  onEnd: () => void;
}

export interface Order {
  by: CallField;
  isAscending: boolean;
  change: (by: CallField, isAscending: boolean) => void;
}

// As many rows as fit into view are in the page, however long the list is.
export function CallTable({ columns, rows, total, order, onEnd }: TableProps) {
  const frame = useRef<HTMLDivElement>(null);
  const isNarrow = useIsNarrow();
  const size = isNarrow ? CARD : ROW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => size,
    overscan: 8,
  });
  useEffect(() => {
    virtual.measure();
  }, [virtual, size]);
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const behind = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const end = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length && end >= rows.length - AHEAD) onEnd();
  }, [end, rows.length, onEnd]);
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    <div className="table-frame" ref={frame} tabIndex={0} role="region" aria-label="Table of calls">
      <table style={isNarrow ? undefined : { minInlineSize: width }} aria-rowcount={total ?? -1}>
        <caption className="only-read">Calls, newest first</caption>
        <colgroup>
          {columns.map(({ id, width: share }) => (
            <col key={id} style={isNarrow ? undefined : { inlineSize: share }} />
          ))}
        </colgroup>
        <thead className={isNarrow ? "only-read" : ""}>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space size={before} span={columns.length} />}
          {items.map(({ index }) => {
            const row = rows[index] as Row;
            return <Line key={row.sid} row={row} columns={columns} place={index} isNarrow={isNarrow} />;
          })}
          {behind > 0 && <Space size={behind} span={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Head({ column: { name, isNumber, order: field }, order }: { column: Column; order: Order | undefined }) {
  const isBy = field !== undefined && order?.by === field;
  const sorted = isBy ? (order?.isAscending ? "ascending" : "descending") : undefined;
  return (
    <th scope="col" data-number={isNumber} aria-sort={sorted}>
      {order && field ? (
        <button type="button" className="sort" onClick={() => order.change(field, isBy && !order.isAscending)}>
          {name}
          <Icon name="arrow" size={12} />
        </button>
      ) : (
        name
      )}
    </th>
  );
}

interface LineProps {
  row: Row;
  columns: Column[];
  place: number;
  isNarrow: boolean;
}

const Line = memo(({ row, columns, place, isNarrow }: LineProps) => (
  <tr aria-rowindex={place + 2} style={{ blockSize: isNarrow ? CARD : ROW }} data-sid={row.sid}>
    {isNarrow ? <Card row={row} span={columns.length} /> : <Cells row={row} columns={columns} />}
  </tr>
));

function Cells({ row, columns }: { row: Row; columns: Column[] }) {
  return columns.map(({ id, isNumber, show }, place) => (
    <td key={id} data-number={isNumber} data-column={id}>
      {place === 0 ? <a href={href(`calls/${row.sid}`)}>{show(row)}</a> : show(row)}
    </td>
  ));
}

function Card({ row, span }: { row: Row; span: number }) {
  return (
    <td className="card" colSpan={span}>
      <div>
        <a href={href(`calls/${row.sid}`)}>
          <Time iso={row.endTime ?? row.startTime} style="short" />
        </a>
        <State state={row.state} />
      </div>
      <div>
        <Personal value={row.from?.caller} /> → <Personal value={row.to?.callee} />
      </div>
      <div>{row.tags.length ? <TagsInShort tags={row.tags} first={4} /> : <span className="faint">No tags</span>}</div>
    </td>
  );
}

function Space({ size, span }: { size: number; span: number }) {
  return (
    <tr aria-hidden="true" className="space">
      <td colSpan={span} style={{ blockSize: size }} />
    </tr>
  );
}
