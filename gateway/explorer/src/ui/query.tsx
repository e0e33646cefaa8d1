import { useState } from "react";
import {
  Button,
  Dialog,
  DialogTrigger,
  Heading,
  Modal,
  ModalOverlay,
  Tab,
  TabList,
  TabPanel,
  Tabs,
} from "react-aria-components";
import type { Question } from "./asked";
import { Explanation } from "./explanation";
import { Icon } from "./icon";
import { graphiqlAddress, HAS_GRAPHIQL, SNIPPETS } from "./snippets";

// The exact document and variables behind a panel, and how to ask the same from elsewhere.
export function QueryButton({ title, question }: { title: string; question: Question }) {
  return (
    <DialogTrigger>
      <Button className="button quiet" aria-label={`Query of ${title}`}>
        <Icon name="code" />
        Query
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="sheet">
          <Dialog className="dialog">
            {({ close }) => (
              <>
                <header className="dialog-head">
                  <Heading slot="title">{title}</Heading>
                  <Button className="button quiet square" aria-label="Close" onPress={close}>
                    <Icon name="close" />
                  </Button>
                </header>
                <p className="dialog-note">
                  All that this panel shows comes from this question. Anybody may ask it, with a token that may see
                  these calls.
                </p>
                <Snippets question={question} />
                <Explanation question={question} />
                {HAS_GRAPHIQL && (
                  <a className="button primary" href={graphiqlAddress(question)} target="_blank" rel="noreferrer">
                    <Icon name="external" />
                    Open in GraphiQL
                  </a>
                )}
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

function Snippets({ question }: { question: Question }) {
  return (
    <Tabs className="tabs">
      <TabList className="tab-list" aria-label="As">
        {Object.keys(SNIPPETS).map((name) => (
          <Tab key={name} id={name} className="tab">
            {name}
          </Tab>
        ))}
      </TabList>
      {Object.entries(SNIPPETS).map(([name, write]) => (
        <TabPanel key={name} id={name} className="tab-panel">
          <Code text={write(question)} name={name} />
        </TabPanel>
      ))}
    </Tabs>
  );
}

export function Code({ text, name }: { text: string; name: string }) {
  return (
    <div className="code">
      <Copy text={text} label={`Copy ${name}`} />
      <pre tabIndex={0} aria-label={name}>
        <code>{text}</code>
      </pre>
    </div>
  );
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [isCopied, become] = useState(false);
  function copy() {
    navigator.clipboard.writeText(text).then(
      () => {
        become(true);
        setTimeout(() => become(false), 1500);
      },
      () => become(false), // the browser forbids it: the text can still be selected
    );
  }
  return (
    <Button className="button quiet copy" aria-label={isCopied ? "Copied" : label} onPress={copy}>
      <Icon name={isCopied ? "check" : "copy"} />
    </Button>
  );
}
