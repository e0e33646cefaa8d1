import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter/wght.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/panels.css";
import "./styles/call.css";
import "./styles/calls.css";
import "./styles/overview.css";
import { App } from "./shell/app";

const root = document.getElementById("explorer");
if (root) createRoot(root).render(<App />);
