import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import introspection from './gql/possibleTypes';

const url = new URL('/graphql', location.href);
const http = new HttpLink({ uri: url.href });
const socket = new GraphQLWsLink(
  createClient({
    url: url.href.replace('http', 'ws'),
    retryAttempts: Infinity, // a gateway that restarts tells its clients to come back
    shouldRetry: () => true,
  }),
);

export const client = new ApolloClient({
  cache: new InMemoryCache({
    possibleTypes: introspection.possibleTypes,
    typePolicies: {
      Query: { fields: { calls: relayStylePagination(['filter', 'sortBy']) } },
    },
  }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    socket,
    http,
  ),
});
