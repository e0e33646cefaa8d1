import { useState } from "react";

const MOST = 200; // rows that are drawn at once

// The rows of an answer as a table, or as bars; it is loaded when somebody wants it.
export default function AnswerView({ table, as }) {
  return <div className="answer-view">{as === "Table" ? <Table table={table} /> : <Chart table={table} />}</div>;
}

function Table({ table: { columns, rows } }) {
  return (
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col" data-number={rows.some((row) => isNumber(row[column])) || undefined}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, place) => (
          <tr key={place}>
            {columns.map((column) => (
              <td key={column} data-number={isNumber(row[column]) || undefined} title={exactly(row[column])}>
                {shown(row[column])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const isNumber = (value) => typeof value === "number";
const rounded = new Intl.NumberFormat("en", { maximumSignificantDigits: 5, useGrouping: false });

function shown(value) {
  if (value === null || value === undefined) return "–";
  return isNumber(value) && !Number.isInteger(value) ? rounded.format(value) : String(value);
}

// What is shown in short, on hover; the file has it in any case.
const exactly = (value) => (value != null && String(value) !== shown(value) ? String(value) : undefined);

// A bar for each row: how long it is says a column of numbers, what it is called another one.
function Chart({ table: { columns, rows } }) {
  const figures = columns.filter((column) => rows.some((row) => isNumber(row[column])));
  const names = columns.filter((column) => rows.some((row) => typeof row[column] === "string"));
  const [figure, measure] = useState();
  const [name, call] = useState();
  const by = figures.includes(figure) ? figure : figures[0];
  const as = names.includes(name) ? name : (names.find((one) => /value$|time$/i.test(one)) ?? names[0]);
  if (!by) return <p>A chart needs a column of numbers: select one in the query.</p>;
  const top = Math.max(...rows.map((row) => Math.abs(row[by] ?? 0))) || 1;
  return (
    <>
      <div className="answer-choices">
        <Select label="Bars" value={by} options={figures} onChange={measure} />
        {names.length > 0 && <Select label="Names" value={as} options={names} onChange={call} />}
      </div>
      <ol className="answer-bars">
        {rows.slice(0, MOST).map((row, place) => (
          <li key={place}>
            <span>{shown(row[as] ?? place + 1)}</span>
            <span>
              <i style={{ width: `${(Math.abs(row[by] ?? 0) / top) * 100}%` }} />
            </span>
            <span title={exactly(row[by])}>{shown(row[by])}</span>
          </li>
        ))}
      </ol>
      {rows.length > MOST && <p>The first {MOST} of {rows.length} rows.</p>}
    </>
  );
}

function Select({ label, value, options, onChange }) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
