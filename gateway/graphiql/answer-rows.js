// The first list of objects in an answer, as rows and columns: a column for each leaf, named by its path.

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isRows = (value) => Array.isArray(value) && value.length > 0 && value.every(isObject);

export function tableOf(answer) {
  const list = listIn(parsed(answer)?.data);
  if (!list) return undefined;
  const rows = list.map((item) => flat("node" in item && "cursor" in item ? item.node : item));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { columns, rows };
}

function parsed(answer) {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined; // no answer yet, or what GraphiQL itself has to say
  }
}

// The list that is nearest to the top.
function listIn(data) {
  for (let level = [data]; level.length; level = level.flatMap((one) => (isObject(one) ? Object.values(one) : []))) {
    const found = level.find(isRows);
    if (found) return found;
  }
  return undefined;
}

// `{to: {carrier: …}}` as `{"to.carrier": …}`; the keys of a group by their place; other lists as JSON.
function flat(item, path = "", row = {}) {
  for (const [name, value] of Object.entries(item ?? {})) {
    const at = path ? `${path}.${name}` : name;
    if (isObject(value)) flat(value, at, row);
    else if (name === "key" && isRows(value)) value.forEach((key, place) => flat(key, `${at}.${place}`, row));
    else row[at] = Array.isArray(value) ? JSON.stringify(value) : value;
  }
  return row;
}

// As RFC 4180 has it. A text that a spreadsheet would take for a formula begins with a quote.
export function csvOf({ columns, rows }) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
  return lines.map((line) => line.map(cell).join(",")).join("\r\n");
}

function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) && !/^\+\d+$/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
