import { createContext, type ReactNode, useContext } from "react";
import { type Scope, WhoAmIDocument } from "../generated/graphql";
import { useAsked } from "../ui/asked";

const Known = createContext<readonly Scope[] | undefined>(undefined);

// What the reader may do, for all below.
export function Scopes({ isWelcome, children }: { isWelcome: boolean; children: ReactNode }) {
  const { data } = useAsked(WhoAmIDocument, {}, !isWelcome);
  return <Known.Provider value={data?.viewer.scopes}>{children}</Known.Provider>;
}

export const useScopes = () => useContext(Known);
export const useMay = (scope: Scope) => useContext(Known)?.includes(scope) ?? false;
