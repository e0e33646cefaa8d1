import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { useQuery } from '@apollo/client/react';
import { graphql } from './gql';

const WORST_CARRIERS = graphql(`
  query WorstCarriers($since: TimeBound!) {
    callStatistics(
      where: { endTime: { since: $since }, to: { carrier: { isNull: false } } }
      groupBy: [{ field: TO_CARRIER }]
      orderBy: [{ by: "share" }]
      first: 5
    ) {
      groups {
        key { value }
        count
        share(where: { tags: { isEmpty: false } })
      }
    }
  }
`);

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** One panel of the Calls explorer, from its query. */
export function WorstCarriers() {
  const { data, error } = useQuery(WORST_CARRIERS, { variables: { since: '4h' } });
  if (error) return <p role="alert">{hintOf(error)}</p>;
  if (!data) return <p>Asking …</p>;
  return (
    <section aria-labelledby="worst">
      <h2 id="worst">Worst carriers</h2>
      <ol>
        {data.callStatistics.groups.map(({ key, count, share }) => (
          <li key={key[0]?.value}>
            {key[0]?.value}: <meter value={share ?? 0} />{' '}
            {percent.format(share ?? 0)} of {count} calls carry a tag
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A gateway without a warehouse counts nothing: then there is no panel, and a reason. */
function hintOf(error: Error): string {
  const codes = CombinedGraphQLErrors.is(error)
    ? error.errors.map(({ extensions }) => extensions?.['code'])
    : [];
  return codes.includes('WAREHOUSE_DISABLED')
    ? 'The worst carriers need a warehouse.'
    : error.message;
}
