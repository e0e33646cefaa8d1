// Runs before the rest of the page is there: asks what the view shows first, and loads the page beside.
import "@fontsource-variable/inter/wght.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/panels.css";
import "./styles/call.css";
import "./styles/calls.css";
import "./styles/overview.css";
import { current } from "./address";
import { askEarly } from "./early";
import { VIEWS, viewIn } from "./views";

const view = viewIn(current());
askEarly(view);
void import("./shell/start");
if (view) void VIEWS[view]();
new Intl.NumberFormat("en"); // the first use loads the browser's tables of all languages: it would delay the first figures
