import { useState } from "react";
import { Autocomplete, Button, Input, ListBox, ListBoxItem, SearchField, Text, TextField, useFilter } from "react-aria-components";
import { spelled } from "../format";
import { Choice } from "../ui/choice";
import { Icon } from "../ui/icon";
import { Prose } from "../ui/prose";
import { signOf } from "./filter-bar";
import { type Condition, type Field, SEVERAL_OF, titleOf, type Value, YES_OR_NO } from "./filters";

const ANSWERS: Value[] = [
  { name: "true", help: "Yes" },
  { name: "false", help: "No" },
];

interface FilterFormProps {
  fields: Field[];
  add: (condition: Condition) => void;
}

// First the field, found as one types, with what the schema says of it; then its value.
export function FilterForm({ fields, add }: FilterFormProps) {
  const [field, choose] = useState<Field>();
  if (!field) return <FieldList fields={fields} choose={choose} />;
  return <ValueForm field={field} back={() => choose(undefined)} add={add} />;
}

function FieldList({ fields, choose }: { fields: Field[]; choose: (field: Field) => void }) {
  const { contains } = useFilter({ sensitivity: "base" });
  return (
    <Autocomplete filter={contains}>
      <SearchField className="list-search" aria-label="Field" autoFocus>
        <Icon name="search" />
        <Input placeholder="Filter by …" />
      </SearchField>
      <ListBox
        className="list-box tall"
        aria-label="Fields"
        items={fields}
        selectionMode="single"
        onAction={(path) => choose(fields.find((one) => one.path === path) as Field)}
      >
        {(one) => (
          <ListBoxItem id={one.path} className="list-item" textValue={`${titleOf(one.path)} ${one.path} ${one.help}`}>
            <Text slot="label">{titleOf(one.path)}</Text>
            <Text slot="description">
              <Prose text={one.help} />
            </Text>
          </ListBoxItem>
        )}
      </ListBox>
    </Autocomplete>
  );
}

interface ValueFormProps {
  field: Field;
  back: () => void;
  add: (condition: Condition) => void;
}

function ValueForm({ field, back, add }: ValueFormProps) {
  const operators = field.operators ?? ["eq"];
  const [operator, become] = useState(operators[0] ?? "eq");
  const [values, setValues] = useState<Set<string>>(new Set());
  const [text, setText] = useState("");
  const isQuestion = field.kind === "Boolean" || YES_OR_NO.has(operator);
  const offered = isQuestion ? ANSWERS : field.values;
  const value = offered ? [...values].join(",") : text.trim();
  const takesSeveral = !isQuestion && (field.isList || SEVERAL_OF.has(operator));
  function submit(event: React.FormEvent) {
    event.preventDefault();
    if (value) add({ path: field.path, operator, value });
  }
  return (
    <form className="form" onSubmit={submit}>
      <div className="filter-title">
        <Button className="button quiet square back" aria-label="Another field" onPress={back}>
          <Icon name="chevron" />
        </Button>
        <strong>{titleOf(field.path)}</strong>
      </div>
      <p className="dialog-note">
        <Prose text={field.help} />
      </p>
      {operators.length > 1 && (
        <Choice
          label="Comparison"
          value={operator}
          onChange={(next) => {
            setValues(new Set());
            become(next);
          }}
          options={operators.map((id) => ({ id, name: signOf(id) }))}
        />
      )}
      {offered ? (
        <ListBox
          className="list-box tall"
          aria-label="Value"
          autoFocus
          items={offered.map((one) => ({ ...one, id: one.name }))}
          selectionMode={takesSeveral ? "multiple" : "single"}
          selectedKeys={values}
          onSelectionChange={(keys) => setValues(new Set(keys as Set<string>))}
        >
          {({ name, help }) => (
            <ListBoxItem id={name} className="list-item" textValue={name}>
              <Text slot="label">{isQuestion ? help : spelled(name)}</Text>
              {!isQuestion && (
                <Text slot="description">
                  <Prose text={help} />
                </Text>
              )}
              <Icon name="check" size={14} />
            </ListBoxItem>
          )}
        </ListBox>
      ) : (
        <TextField className="field" aria-label="Value" value={text} onChange={setText} autoFocus>
          <Input />
          {field.unit && <Text slot="description">In {field.unit}</Text>}
          {field.accepted && <Text slot="description">{field.accepted}</Text>}
        </TextField>
      )}
      <Button className="button primary" type="submit" isDisabled={!value}>
        Add this filter
      </Button>
    </form>
  );
}
