import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import type { CombinedError } from "urql";
import { type CoverageDetailsFragment, WarehouseCoverageDocument } from "../generated/graphql";
import { codeOf, useAsked } from "../ui/asked";

export interface Warehouse {
  phase: "unknown" | "off" | "on" | "failing";
  coverage?: CoverageDetailsFragment;
  error?: CombinedError;
  again?: () => void;
}

const OFTEN = 30_000;
const SOON = 5_000; // where it is only being opened, or has failed
const Known = createContext<Warehouse>({ phase: "unknown" });
const Refresh = createContext(OFTEN); // apart: it seldom changes, and each panel reads it

// Whether there is a warehouse, and what it has. Without one, the page does with lists.
export function WarehouseKnown({ isWelcome, children }: { isWelcome: boolean; children: ReactNode }) {
  const [wait, become] = useState(OFTEN);
  const { data, error, again } = useAsked(WarehouseCoverageDocument, {}, !isWelcome, wait);
  const coverage = data?.callStatistics.coverage;
  const warehouse = useMemo(() => ({ ...told(coverage, error), again }), [coverage, error, again]);
  const next = waitOf(warehouse);
  useEffect(() => become(next), [next]);
  return (
    <Known.Provider value={warehouse}>
      <Refresh.Provider value={next || OFTEN}>{children}</Refresh.Provider>
    </Known.Provider>
  );
}

function told(coverage: CoverageDetailsFragment | undefined, error: CombinedError | undefined): Warehouse {
  if (coverage) return { phase: "on", coverage, ...(error && { error }) };
  if (!error) return { phase: "unknown" };
  return codeOf(error) === "WAREHOUSE_DISABLED" ? { phase: "off", error } : { phase: "failing", error };
}

function waitOf({ phase, coverage, error }: Warehouse): number {
  if (phase === "off") return 0;
  return error || !coverage?.from ? SOON : OFTEN;
}

export const useWarehouse = () => useContext(Known);

// After how long figures are asked for again: soon, while the warehouse is being filled.
export const useRefresh = () => useContext(Refresh);
