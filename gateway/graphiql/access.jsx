import { Button, Dialog } from "@graphiql/react";
import { introduce, show, useViewer } from "./viewer.js";
import { forgetToken, isKeptInBrowser } from "./token.js";

// In the head of the page: the viewer's name, or that a token is missing. Behind it, where to give the token,
// and to forget it. There is nothing where no token is needed.
export function Access() {
  const { phase, viewer, isShown } = useViewer();
  if (phase === "open") return null;
  return (
    <>
      <button type="button" className="viewer" data-phase={phase} onClick={() => show(true)}>
        {phase === "known" ? (viewer.name ?? "Token in use") : "Give a token"}
      </button>
      <Dialog open={isShown} onOpenChange={show}>
        {phase === "known" ? <Viewer /> : <Ask />}
      </Dialog>
    </>
  );
}

function Head({ children }) {
  return (
    <div className="head">
      <Dialog.Title className="graphiql-dialog-title">{children}</Dialog.Title>
      <Dialog.Close />
    </div>
  );
}

function Ask() {
  const { phase, problem } = useViewer();
  function submit(event) {
    event.preventDefault();
    const given = new FormData(event.target);
    const shown = given.get("token").trim().replace(/^Bearer\s+/i, "");
    introduce(shown, given.get("keep") === "browser");
  }
  return (
    <form className="token" onSubmit={submit}>
      <Head>Your token</Head>
      <Dialog.Description>
        This gateway shows each viewer what that one may see. Whoever runs it gives you a token.
      </Dialog.Description>
      {problem && <p role="alert">{problem}</p>}
      <label>
        Token
        <input name="token" type="password" autoComplete="off" spellCheck={false} required autoFocus />
      </label>
      <fieldset>
        <legend>Keep it</legend>
        <label>
          <input type="radio" name="keep" value="tab" defaultChecked /> until this tab is closed
        </label>
        <label>
          <input type="radio" name="keep" value="browser" /> in this browser, until you forget it
        </label>
      </fieldset>
      <Button type="submit" disabled={phase === "checking"}>
        Use this token
      </Button>
    </form>
  );
}

function Viewer() {
  const { name, account, subaccounts, scopes } = useViewer().viewer;
  return (
    <div className="token">
      <Head>{name ?? "Your token"}</Head>
      <Dialog.Description>
        The token is kept {isKeptInBrowser() ? "in this browser, until you forget it." : "until this tab is closed."}
      </Dialog.Description>
      {name && (
        <dl>
          <dt>Account</dt>
          <dd>{account}</dd>
          <dt>Subaccounts</dt>
          <dd>{subaccounts === null ? "all" : subaccounts.join(", ") || "none"}</dd>
          <dt>Scopes</dt>
          <dd>{scopes.join(", ")}</dd>
        </dl>
      )}
      <Button type="button" onClick={forgetToken}>
        Forget the token
      </Button>
    </div>
  );
}
