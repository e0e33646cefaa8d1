import { type ReactNode, startTransition, useEffect, useState } from "react";

// What is below the first things to read is drawn after them.
export function Later({ children }: { children: ReactNode }) {
  const [isDue, become] = useState(false);
  useEffect(() => startTransition(() => become(true)), []);
  return isDue && children;
}
