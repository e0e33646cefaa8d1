// What the reader filters by, as the address has it: `f=toCarrier:eq:Rivage`, one for each condition.
import { current, go } from "../address";
import type { CallFilter, CallWhere } from "../generated/graphql";
import listFields from "../generated/list-filters.json";
import searchFields from "../generated/search-filters.json";
import { spelled } from "../format";
import { useAddress } from "../use-address";

export interface Value {
  name: string;
  help: string;
}

export interface Field {
  path: string;
  help: string;
  kind: string;
  accepted?: string;
  unit?: string;
  isList?: boolean;
  operators?: string[];
  values?: Value[];
}

export interface Condition {
  path: string;
  operator: string;
  value: string;
}

export const LIST_FIELDS = listFields as Field[];
export const SEARCH_FIELDS = searchFields as Field[];
export const SEVERAL_OF = new Set(["in", "notIn", "hasAny", "hasAll"]);
export const YES_OR_NO = new Set(["isNull", "isEmpty"]);
const SEVERAL = ",";

export function conditionsOf(search: URLSearchParams): Condition[] {
  return search.getAll("f").flatMap((text) => {
    const [path, operator, ...rest] = text.split(":");
    return path && operator ? [{ path, operator, value: rest.join(":") }] : [];
  });
}

export const written = ({ path, operator, value }: Condition) => `${path}:${operator}:${value}`;

export function useConditions(): [Condition[], (next: Condition[]) => void] {
  const { search } = useAddress();
  return [conditionsOf(search), change];
}

function change(next: Condition[]) {
  const { path, search } = current();
  const changed = new URLSearchParams(search);
  changed.delete("f");
  for (const condition of next) changed.append("f", written(condition));
  const text = changed.toString();
  go(`#/${path.join("/")}${text && `?${text}`}`);
}

// As `filter` of `calls` takes it; conditions that it has no name for are told apart by `unknown`.
export function listFilter(conditions: Condition[], since: string, until?: string): CallFilter {
  const known = conditions.flatMap((condition) => {
    const field = LIST_FIELDS.find(({ path }) => path === condition.path);
    return field ? [[field.path, typed(field, condition.value)]] : [];
  });
  return { ...Object.fromEntries(known), startTime: since, ...(until && { endTime: until }) };
}

// As `where` of `searchCalls` takes them: `to.carrier:eq:Rivage` is `{ to: { carrier: { eq: "Rivage" } } }`.
export function searchWhere(conditions: Condition[]): CallWhere[] {
  return conditions.flatMap((condition) => {
    const field = SEARCH_FIELDS.find(({ path }) => path === condition.path);
    if (!field?.operators?.includes(condition.operator)) return [];
    const names = [...condition.path.split("."), condition.operator].reverse();
    return [names.reduce<unknown>((below, name) => ({ [name]: below }), comparedWith(field, condition)) as CallWhere];
  });
}

function comparedWith({ kind }: Field, { operator, value }: Condition): unknown {
  if (YES_OR_NO.has(operator)) return value === "true";
  return SEVERAL_OF.has(operator) ? value.split(SEVERAL).map((one) => single(kind, one)) : single(kind, value);
}

export function typed({ kind, isList }: Field, text: string): unknown {
  return isList ? text.split(SEVERAL).map((one) => single(kind, one)) : single(kind, text);
}

function single(kind: string, text: string): unknown {
  if (kind === "Boolean") return text === "true";
  return kind === "Int" || kind === "Float" || kind === "BigInt" ? Number(text) : text;
}

// `toCountryCode`, `carrierEdge.metrics.inbound.jitter.max` as words: what only groups fields is left out.
export function titleOf(path: string): string {
  const words = path
    .replaceAll(/\.(metrics|properties)\b|\b(metrics|properties)\./g, "")
    .replaceAll(".", " ")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replaceAll(/\b(sip|sdk|pdd|mos|rtt|sid|amd)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function valueTitle(field: Field | undefined, value: string): string {
  if (field?.kind === "Boolean") return value === "true" ? "yes" : "no";
  if (field?.kind === "enum") return value.split(SEVERAL).map(spelled).join(" or ");
  return field?.unit && !Number.isNaN(Number(value)) ? `${value}\u202f${field.unit}` : value;
}
