import { Button, Dialog, Heading, Input, Label, Modal, ModalOverlay, Radio, RadioGroup, TextField } from "react-aria-components";
import { forgetToken, isKeptInBrowser } from "../../../graphiql/token.js";
import { introduce, show, useViewer } from "../../../graphiql/viewer.js";
import { Icon } from "../ui/icon";
import { Facts } from "../ui/values";

interface Known {
  name?: string;
  account?: string;
  subaccounts?: string[] | null;
  scopes?: string[];
}

// The viewer's name, or that a token is missing. Behind it, where to give the token, and to forget it: it is that of
// GraphiQL too. There is nothing where no token is needed.
export function Access() {
  const { phase, viewer, isShown } = useViewer();
  if (phase === "open") return null;
  const name = (viewer as Known | null)?.name ?? "Token in use";
  return (
    <>
      <Button className="button" data-primary={phase === "asking" || undefined} onPress={() => show(true)}>
        <Icon name="key" />
        {phase === "known" ? name : "Give a token"}
      </Button>
      <ModalOverlay className="overlay" isOpen={isShown} onOpenChange={show} isDismissable>
        <Modal className="modal">
          <Dialog className="dialog">{phase === "known" ? <Viewer /> : <Ask />}</Dialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}

function Head({ children }: { children: string }) {
  return (
    <header className="dialog-head">
      <Heading slot="title">{children}</Heading>
      <Button className="button quiet square" aria-label="Close" onPress={() => show(false)}>
        <Icon name="close" />
      </Button>
    </header>
  );
}

function Ask() {
  const { phase, problem } = useViewer();
  function submit(event: React.FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const shown = String(given.get("token")).trim().replace(/^Bearer\s+/i, "");
    introduce(shown, given.get("keep") === "browser");
  }
  return (
    <form className="form" onSubmit={submit}>
      <Head>Your token</Head>
      <p className="dialog-note">
        This gateway shows each viewer what that one may see. Whoever runs it gives you a token; it serves GraphiQL, too.
      </p>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <TextField className="field" name="token" type="password" autoComplete="off" isRequired autoFocus>
        <Label>Token</Label>
        <Input spellCheck={false} />
      </TextField>
      <RadioGroup className="field" name="keep" defaultValue="tab">
        <Label>Keep it</Label>
        <Radio value="tab">until this tab is closed</Radio>
        <Radio value="browser">in this browser, until you forget it</Radio>
      </RadioGroup>
      <Button className="button primary" type="submit" isDisabled={phase === "checking"}>
        Use this token
      </Button>
    </form>
  );
}

function Viewer() {
  const { name, account, subaccounts, scopes } = (useViewer().viewer ?? {}) as Known;
  return (
    <div className="form">
      <Head>{name ?? "Your token"}</Head>
      <p className="dialog-note">
        The token is kept {isKeptInBrowser() ? "in this browser, until you forget it." : "until this tab is closed."}
      </p>
      {name && (
        <Facts
          facts={[
            ["Account", <code key="sid">{account}</code>],
            ["Subaccounts", subaccounts ? subaccounts.join(", ") || "none" : "all"],
            ["Scopes", scopes?.map((scope) => scope.toLowerCase().replace("_", ":")).join(", ")],
          ]}
        />
      )}
      <Button className="button" onPress={forgetToken}>
        Forget the token
      </Button>
    </div>
  );
}
