import { useSyncExternalStore } from "react";

// Whether the window is as the query says: see the same widths in the styles.
function mediaHook(query: string): () => boolean {
  const media = matchMedia(query);
  const subscribe = (listener: () => void) => {
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  };
  return () => useSyncExternalStore(subscribe, () => media.matches);
}

export const useIsNarrow = mediaHook("(width < 700px)"); // as a phone
export const useHasSide = mediaHook("(width >= 1100px)"); // there is room for a column beside another
