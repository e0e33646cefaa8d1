import { useMemo } from "react";
import { Button, Checkbox, CheckboxGroup, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { Icon } from "../ui/icon";
import { useParameter } from "../use-address";
import { COLUMNS, type Column, STANDARD } from "./columns";

export function useColumns(): [Column[], (ids: string[]) => void] {
  const [text, change] = useParameter("columns", STANDARD);
  const chosen = useMemo(() => {
    const ids = new Set(text.split(","));
    const found = COLUMNS.filter(({ id }) => ids.has(id));
    return found.length ? found : COLUMNS.slice(0, 1);
  }, [text]);
  return [chosen, (next) => change(next.join(","))];
}

export function ColumnMenu() {
  const [columns, change] = useColumns();
  return (
    <DialogTrigger>
      <Button className="button">
        <Icon name="columns" />
        Columns
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="filter-dialog" aria-label="Columns">
          <CheckboxGroup className="checks in-columns" aria-label="Columns" value={columns.map(({ id }) => id)} onChange={change}>
            {COLUMNS.map(({ id, name }) => (
              <Checkbox key={id} value={id}>
                <span className="box">
                  <Icon name="check" size={12} />
                </span>
                {name}
              </Checkbox>
            ))}
          </CheckboxGroup>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
