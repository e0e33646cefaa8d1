import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import { Icon } from "./icon";

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: { id: string; name: string }[];
  isLabelHidden?: boolean;
}

// One of a few.
export function Choice({ label, value, onChange, options, isLabelHidden = false }: ChoiceProps) {
  return (
    <Select className="choice" value={value} onChange={(next) => onChange(String(next))} aria-label={label}>
      {!isLabelHidden && <Label>{label}</Label>}
      <Button className="button">
        <SelectValue />
        <Icon name="chevron" size={14} />
      </Button>
      <Popover className="popover">
        <ListBox className="list-box">
          {options.map(({ id, name }) => (
            <ListBoxItem key={id} id={id} className="list-item" textValue={name}>
              <span>{name}</span>
              <Icon name="check" size={14} />
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
