import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { Icon } from "../ui/icon";
import { FilterForm } from "./filter-form";
import { type Condition, type Field, titleOf, useConditions, valueTitle, written, YES_OR_NO } from "./filters";

const SIGNS: Record<string, string> = {
  eq: "is",
  ne: "is not",
  in: "is",
  notIn: "is not",
  lt: "<",
  lte: "≤",
  gt: ">",
  gte: "≥",
  isNull: "is missing:",
  isEmpty: "is empty:",
  startsWith: "starts with",
  contains: "contains",
  has: "has",
  hasAny: "has any of",
  hasAll: "has all of",
};

const YES: Field = { path: "", help: "", kind: "Boolean" };

export const signOf = (operator: string) => SIGNS[operator] ?? operator;

// The conditions that hold, and a way to one more.
export function FilterBar({ fields }: { fields: Field[] }) {
  const [conditions, change] = useConditions();
  const without = (gone: Condition) => change(conditions.filter((one) => written(one) !== written(gone)));
  return (
    <ul className="filters" aria-label="Filters">
      {conditions.map((condition) => {
        const field = fields.find(({ path }) => path === condition.path);
        const text = `${titleOf(condition.path)} ${signOf(condition.operator)} ${valueTitle(YES_OR_NO.has(condition.operator) ? YES : field, condition.value)}`;
        return (
          <li key={written(condition)} className="chip" data-unknown={!field || undefined}>
            <span title={field?.help ?? "This gateway cannot filter by this."}>{text}</span>
            <Button className="chip-close" aria-label={`Remove: ${text}`} onPress={() => without(condition)}>
              <Icon name="close" size={12} />
            </Button>
          </li>
        );
      })}
      <li>
        <DialogTrigger>
          <Button className="button">
            <Icon name="filter" />
            Add filter
          </Button>
          <Popover className="popover wide" placement="bottom start">
            <Dialog className="filter-dialog" aria-label="Add filter">
              {({ close }) => (
                <FilterForm
                  fields={fields}
                  add={(condition) => {
                    close();
                    change([...conditions, condition]);
                  }}
                />
              )}
            </Dialog>
          </Popover>
        </DialogTrigger>
      </li>
    </ul>
  );
}
