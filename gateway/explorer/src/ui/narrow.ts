import { useSyncExternalStore } from "react";

const narrow = matchMedia("(width < 700px)");

// Whether the page is as wide as a phone: see the same width in the styles.
export const useIsNarrow = () =>
  useSyncExternalStore(
    (listener) => {
      narrow.addEventListener("change", listener);
      return () => narrow.removeEventListener("change", listener);
    },
    () => narrow.matches,
  );
