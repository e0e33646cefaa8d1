import type { ReactNode } from "react";
import { WindowChoice } from "../shell/window-choice";
import { ColumnMenu } from "./column-menu";
import { FilterBar } from "./filter-bar";
import type { Field } from "./filters";

// Above a table of calls: which calls, which columns, and what to do with them.
export function Toolbar({ fields, children }: { fields: Field[]; children: ReactNode }) {
  return (
    <div className="toolbar">
      <WindowChoice />
      <FilterBar fields={fields} />
      <div className="toolbar-end">
        <ColumnMenu />
        {children}
      </div>
    </div>
  );
}
