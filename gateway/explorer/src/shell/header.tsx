import { Button, Input, TextField } from "react-aria-components";
import favicon from "../../../graphiql/favicon.svg";
import { go, href } from "../address";
import { Icon } from "../ui/icon";
import { HAS_GRAPHIQL } from "../ui/snippets";
import { useAddress } from "../use-address";
import { Access } from "./access";
import { ZoneSelect } from "./zone";

const VIEWS = [
  { path: "", name: "Overview" },
  { path: "calls", name: "Calls" },
];

export function Header() {
  const { path } = useAddress();
  const view = path[0] ?? "";
  return (
    <header className="shell-head">
      <a className="brand" href={href("")}>
        <img src={favicon} alt="" width="26" height="26" />
        Calls explorer
      </a>
      <nav aria-label="Views">
        {VIEWS.map((one) => (
          <a key={one.path} href={href(one.path)} aria-current={one.path === view ? "page" : undefined}>
            {one.name}
          </a>
        ))}
      </nav>
      <FindCall />
      <div className="shell-tools">
        <ZoneSelect />
        {HAS_GRAPHIQL && (
          <>
            <a className="tool" href="../">
              GraphiQL
            </a>
            <a className="tool" href="../docs/">
              Docs
            </a>
          </>
        )}
        <Access />
      </div>
    </header>
  );
}

const SID = /CA[0-9a-fA-F]{32}/;

function FindCall() {
  function find(event: React.FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const field = new FormData(event.currentTarget).get("sid");
    const sid = SID.exec(String(field))?.[0];
    if (sid) go(href(`calls/${sid}`));
  }
  return (
    <form className="find" role="search" onSubmit={find}>
      <TextField name="sid" aria-label="Open a call by its SID" isRequired>
        <Icon name="search" />
        <Input placeholder="Open a call by its SID: CA…" pattern="\s*CA[0-9a-fA-F]{32}\s*" autoComplete="off" spellCheck={false} />
      </TextField>
      <Button className="only-read" type="submit">
        Open
      </Button>
    </form>
  );
}
