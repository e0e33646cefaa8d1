// What one can filter by, as the schema says it: by which path, with which values, and the description as help.
import { getNamedType, isEnumType, isInputObjectType, isListType, getNullableType } from "graphql";

const TIMES = new Set(["startTime", "endTime"]); // the window has a place of its own

// The arguments of `calls`.
export function listFilters(schema) {
  return Object.values(schema.getType("CallFilter").getFields())
    .filter(({ name }) => !TIMES.has(name))
    .map(({ name, type, description }) => ({
      path: name,
      help: told(description),
      accepted: description?.match(/Accepted: (.*?)\. PII/)?.[1] ?? "",
      isList: isListType(getNullableType(type)),
      ...kindOf(getNamedType(type)),
    }));
}

// The leaves of `where` of `searchCalls`; none where the schema has no such thing.
export function searchFilters(schema) {
  const where = schema.getType("CallWhere");
  return where ? leaves(where, []).sort((one, other) => depth(one) - depth(other)) : [];
}

// What everybody knows of a call stands above what one edge measured.
const depth = ({ path }) => path.split(".").length;

const COMBINED = new Set(["and", "or", "not"]);

const PARTS = new Set(["avg", "max", "min"]); // of a measurement, which says more than its part

function leaves(type, path, above) {
  return Object.values(type.getFields())
    .filter(({ name }) => !COMBINED.has(name))
    .flatMap((field) => {
      const below = getNamedType(field.type);
      const here = [...path, field.name];
      if (!isInputObjectType(below)) return [];
      if (!/Filter$/.test(below.name)) return leaves(below, here, field.description);
      const operators = Object.values(below.getFields());
      const of = getNamedType((operators.find(({ name }) => name === "eq") ?? operators[0]).type);
      return {
        path: here.join("."),
        help: PARTS.has(field.name) ? `${told(above)} ${told(field.description)}` : told(field.description),
        unit: unitOf(field.description) ?? unitOf(above),
        operators: operators.map(({ name }) => name),
        ...kindOf(of),
      };
    });
}

function kindOf(type) {
  if (!isEnumType(type)) return { kind: type.name };
  const values = type.getValues().filter(({ name }) => name !== "UNRECOGNIZED");
  return { kind: "enum", values: values.map(({ name, description }) => ({ name, help: told(description) })) };
}

// The first part of a description, before the lines for programs.
const told = (description) => (description ?? "").split(/\n(?:Accepted|Unit|Available):/)[0].trim();

function unitOf(description) {
  const unit = /^Unit: (\w+)\./m.exec(description ?? "")?.[1];
  return unit === "percent" ? "%" : unit;
}
