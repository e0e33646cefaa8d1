// Composes calls and tickets, and serves both as one graph, by Apollo's own packages:
// node supergraph.mjs http://127.0.0.1:8000/graphql CA…,CA… [TOKEN]
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { composeServices } from '@apollo/composition';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { parse } from 'graphql';
import * as tickets from './tickets.mjs';

const [calls, sids, token] = process.argv.slice(2);

const answer = await fetch(calls, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
  body: JSON.stringify({ query: '{ _service { sdl } }' }),
});
const { sdl } = (await answer.json()).data._service;
const composed = composeServices([
  { name: 'calls', url: calls, typeDefs: parse(sdl) },
  { name: 'tickets', url: await tickets.serve(sids.split(',')), typeDefs: parse(tickets.sdl) },
]);

// What the router was told of its client, the subgraphs are told too.
class Forwarding extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.authorization) request.http.headers.set('Authorization', context.authorization);
  }
}

const gateway = new ApolloGateway({
  supergraphSdl: composed.supergraphSdl,
  buildService: ({ url }) => new Forwarding({ url }),
});
const { url } = await startStandaloneServer(new ApolloServer({ gateway }), {
  listen: { host: '127.0.0.1', port: 0 },
  context: async ({ req }) => ({ authorization: req.headers.authorization }),
});

console.log(
  JSON.stringify({
    url,
    errors: (composed.errors ?? []).map((error) => error.message),
    hints: (composed.hints ?? []).map((hint) => hint.message),
  }),
);
process.stdin.on('end', () => process.exit()).resume();
