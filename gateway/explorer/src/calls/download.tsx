import { useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover, Text } from "react-aria-components";
import { sendAs } from "../client";
import { exactly } from "../format";
import type { Question } from "../ui/asked";
import { Icon } from "../ui/icon";
import type { Column, Row } from "./columns";
import { csvOf, save } from "./csv";

const PAGE = 1000; // the size of a page of an export

interface DownloadProps {
  rows: Row[];
  columns: Column[];
  question: Question;
  total?: number;
}

// The rows as they are shown, or all that the question finds: the gateway writes that file itself.
export function Download({ rows, columns, question, total }: DownloadProps) {
  const [state, become] = useState<{ isBusy: boolean; problem?: string }>({ isBusy: false });
  async function all() {
    become({ isBusy: true });
    try {
      save(await sendAs("text/csv", { ...question, variables: { ...question.variables, first: PAGE } }));
      become({ isBusy: false });
    } catch (problem) {
      become({ isBusy: false, problem: (problem as Error).message });
    }
  }
  return (
    <>
      <MenuTrigger>
        <Button className="button" isDisabled={rows.length === 0 || state.isBusy}>
          <Icon name="download" />
          {state.isBusy ? "Downloading …" : "Download CSV"}
        </Button>
        <Popover className="popover" placement="bottom end">
          <Menu className="list-box" onAction={(key) => (key === "all" ? all() : save(csvOf(rows, columns)))}>
            <MenuItem id="shown" className="list-item" textValue="As shown">
              <Text slot="label">As shown</Text>
              <Text slot="description">The {exactly(rows.length)} that are loaded, with these columns</Text>
            </MenuItem>
            <MenuItem id="all" className="list-item" textValue="All of them">
              <Text slot="label">All of them</Text>
              <Text slot="description">{total === undefined ? "Every call" : exactly(total)}, with each field of the query</Text>
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      {state.problem && (
        <p role="alert" className="problem">
          {state.problem}
        </p>
      )}
    </>
  );
}
