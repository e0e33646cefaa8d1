// The views of the page, each of which is loaded when it is shown.
import type { Address } from "./address";

export const VIEWS = {
  overview: () => import("./overview/page"),
  calls: () => import("./calls/page"),
  call: () => import("./call/page"),
};

// Undefined where the address names no view.
export function viewIn({ path: [view, sid] }: Address): keyof typeof VIEWS | undefined {
  if (!view || view === "overview") return "overview";
  if (view !== "calls") return undefined;
  return sid ? "call" : "calls";
}
