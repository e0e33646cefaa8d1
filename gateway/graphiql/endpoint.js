// Where GraphQL is answered: the server writes it into the page, see gateway/server/graphiql.py.
export const endpoint = new URL(document.querySelector("meta[name=graphql-endpoint]").content, location.href);
