// Compiles if documents have the types that they should, and with `strict` only.
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
import { graphql } from './gql';

const query = graphql(`
  query Types($sid: CallSid!, $filter: CallFilter) {
    call(sid: $sid) {
      sid
      accountSid
      startTime
      duration
      raw
      state
      tags
      carrierEdge { metrics { inbound { packetsLost } } }
    }
    calls(filter: $filter) { pageInfo { endCursor } }
  }
`);

type Call = NonNullable<ResultOf<typeof query>['call']>;
type Inbound = NonNullable<NonNullable<NonNullable<Call['carrierEdge']>['metrics']>['inbound']>;
type Filter = NonNullable<VariablesOf<typeof query>['filter']>;
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export const types: [
  Same<Call['sid'], string>,
  Same<Call['accountSid'], string | null>,
  Same<Call['startTime'], string | null>,
  Same<Call['duration'], number | null>,
  Same<Call['raw'], unknown>,
  Same<Inbound['packetsLost'], number | null>,
] = [true, true, true, true, true, true];

export const state: Call['state'] = 'NOANSWER';
// @ts-expect-error: a value that the enum does not have
export const unknown: Call['state'] = 'NO_ANSWER';

export const filter: Filter = { startTime: '4h', type: ['CARRIER'], hasTag: true };
// @ts-expect-error: a filter that there is not
export const misspelt: Filter = { hasTags: true };
