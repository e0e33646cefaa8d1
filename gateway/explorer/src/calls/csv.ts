// Rows as a file. A cell that a spreadsheet would take for a formula begins with a quote.
import type { Column, Row } from "./columns";

const FORMULA = /^[=+\-@\t\r]/;

export function csvOf(rows: Row[], columns: Column[]): Blob {
  const all = [...columns, ...(columns.some(({ id }) => id === "sid") ? [] : [SID])];
  const lines = [all.map(({ name: title }) => cell(title)), ...rows.map((row) => all.map(({ value }) => cell(value(row))))];
  return new Blob(["\ufeff", `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" });
}

export function save(file: Blob, name = "calls.csv"): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const SID: Pick<Column, "name" | "value"> = { name: "SID", value: (row) => row.sid };

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) && !/^\+\d+$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
