import type { FiguresQueryVariables } from "../generated/graphql";
import { ANSWERED, TAGGED, type Window, whereBefore, whereOf } from "../window";

export const figureVariables = (window: Window): FiguresQueryVariables => ({
  now: whereOf(window),
  before: whereBefore(window) ?? whereOf(window),
  tagged: TAGGED,
  answered: ANSWERED,
});
