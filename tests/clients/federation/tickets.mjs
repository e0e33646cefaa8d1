// A second subgraph: tickets, each about a call. It knows the `sid` of a call, and nothing else.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

export const sdl = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

type Query {
  tickets: [Ticket!]!
  node(id: ID!): Node
  viewer: Viewer!
}

type Ticket implements Node @key(fields: "id") {
  id: ID!
  call: Call
}

type Call @key(fields: "sid") {
  sid: CallSid!
  tickets: TicketConnection!
}

type TicketConnection { nodes: [Ticket!]! pageInfo: PageInfo! }
type PageInfo @shareable {
  hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
}
type Viewer { tickets: Int! }
interface Node { id: ID! }
scalar CallSid
`;

// One ticket for each of these calls.
export async function serve(sids) {
  const tickets = sids.map((sid, n) => ({
    __typename: 'Ticket',
    id: `T${n}`,
    call: { __typename: 'Call', sid },
  }));
  const none = { hasNextPage: false, hasPreviousPage: false };
  const resolvers = {
    Query: {
      tickets: () => tickets,
      node: (_, { id }) => tickets.find((ticket) => ticket.id === id),
      viewer: () => ({ tickets: tickets.length }),
    },
    Call: {
      tickets: ({ sid }) => ({
        nodes: tickets.filter((ticket) => ticket.call.sid === sid),
        pageInfo: none,
      }),
    },
  };
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers });
  const { url } = await startStandaloneServer(new ApolloServer({ schema }), {
    listen: { host: '127.0.0.1', port: 0 },
  });
  return url;
}
