import { createContext, type ReactNode, useContext, useEffect } from "react";
import type { CombinedError } from "urql";
import { type CoverageDetailsFragment, WarehouseCoverageDocument } from "../generated/graphql";
import { codeOf, useAsked } from "../ui/asked";

export interface Warehouse {
  phase: "unknown" | "off" | "on" | "failing";
  coverage?: CoverageDetailsFragment;
  error?: CombinedError;
}

const OFTEN = 30_000;
const SOON = 3_000; // where it is only being opened, or has failed
const Known = createContext<Warehouse>({ phase: "unknown" });

// Whether there is a warehouse, and what it has. Without one, the page does with lists.
export function WarehouseKnown({ isWelcome, children }: { isWelcome: boolean; children: ReactNode }) {
  const { data, error, again } = useAsked(WarehouseCoverageDocument, {}, !isWelcome);
  const warehouse = told(data?.callStatistics.coverage, error);
  useEffect(() => {
    if (warehouse.phase === "off" || !isWelcome) return;
    const wait = warehouse.error ? SOON : OFTEN;
    const asking = setInterval(() => document.visibilityState === "visible" && again(), wait);
    return () => clearInterval(asking);
  }, [warehouse.phase, warehouse.error === undefined, isWelcome]);
  return <Known.Provider value={warehouse}>{children}</Known.Provider>;
}

function told(coverage: CoverageDetailsFragment | undefined, error: CombinedError | undefined): Warehouse {
  if (coverage) return { phase: "on", coverage, ...(error && { error }) };
  if (!error) return { phase: "unknown" };
  return codeOf(error) === "WAREHOUSE_DISABLED" ? { phase: "off", error } : { phase: "failing", error };
}

export const useWarehouse = () => useContext(Known);
