import { ApolloProvider } from '@apollo/client/react';
import { createRoot } from 'react-dom/client';
import { Calls } from './Calls';
import { client } from './client';
import { WorstCarriers } from './WorstCarriers';

createRoot(document.getElementById('root')!).render(
  <ApolloProvider client={client}>
    <h1>Calls</h1>
    <WorstCarriers />
    <Calls />
  </ApolloProvider>,
);
