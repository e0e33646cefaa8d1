import { startTransition } from "react";
import { createRoot } from "react-dom/client";
import { VIEWS } from "../views";
import { App } from "./app";

const root = document.getElementById("explorer");
// As a transition, it is drawn in short tasks: the page reacts while it is drawn.
if (root) startTransition(() => createRoot(root).render(<App />));

// The other views, so that they are there without a wait, and if the gateway is not.
const SOON = 2_000;
setTimeout(() => requestIdleCallback(() => Object.values(VIEWS).map((load) => load())), SOON);
