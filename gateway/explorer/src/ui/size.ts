import { useCallback, useState } from "react";

// How wide an element is, for what is drawn into it.
export function useWidth(): [(element: Element | null) => (() => void) | undefined, number] {
  const [width, become] = useState(0);
  const measure = useCallback((element: Element | null) => {
    if (!element) return undefined;
    const observing = new ResizeObserver(([entry]) => become(Math.round(entry?.contentRect.width ?? 0)));
    observing.observe(element);
    return () => observing.disconnect();
  }, []);
  return [measure, width];
}
