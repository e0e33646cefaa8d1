// The headers of a request: those of its tab, and the token of the page unless the tab has its own.
import { token } from "./token.js";

// `shown` is the token of the page, null while there is none, and undefined where the tab has its own.
export function introduced(own = {}) {
  const headers = new Headers(own);
  if (headers.has("authorization")) return { headers };
  const shown = token();
  if (shown) headers.set("authorization", `Bearer ${shown}`);
  return { headers, shown };
}
