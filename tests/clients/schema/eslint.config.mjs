// The rules for schema.graphql in the folder where eslint is run; each that is off, with its reason.
import graphql from '@graphql-eslint/eslint-plugin';

const { configs, parser } = graphql;

export default [
  {
    files: ['schema.graphql'],
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...configs['flat/schema-recommended'].rules,
      ...configs['flat/schema-all'].rules,
      ...configs['flat/schema-relay'].rules,
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ScalarTypeDefinition:not(:has(Directive[name.value="specifiedBy"]))',
          message: 'A scalar says by @specifiedBy where its values are described.',
        },
        {
          selector: 'Directive[name.value="deprecated"] StringValue:not([value=/[Uu]se `\\w+/])',
          message: 'The reason of a deprecation names the replacement: Use `sid`.',
        },
      ],

      // Twilio knows no date on which a field goes; ours go with a version, which the changelog tells.
      '@graphql-eslint/require-deprecation-date': 'off',
      // The printer sorts names without regard to `_`, the rule with regard to it.
      '@graphql-eslint/alphabetize': 'off',
      // For schemas without changes or without subscriptions: this one has both.
      '@graphql-eslint/no-root-type': 'off',
      // The names are Twilio's: `count` of a `Count`.
      '@graphql-eslint/no-typename-prefix': 'off',
      // What can be asked for again has an id, by `Node`; the rest is a part of it.
      '@graphql-eslint/strict-id-in-types': 'off',
      // `Call.edges` are Twilio's media edges, and tags are a list: a list that is no connection
      // is right where it is short and whole. Samples and events are parts of their call: Twilio
      // has no identity for them, so they implement no `Node`.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
      ],
      // Samples and events are read forwards alone: Twilio's pages of them lead nowhere else.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // A page, a lookup and the viewer are there, or the answer is an error.
      '@graphql-eslint/require-nullable-result-in-root': 'off',
      // An annotation changes one call, which the payload gives.
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'off',
      // A pattern of results as @oneOf types, which GraphQL has for inputs only.
      '@graphql-eslint/require-type-pattern-with-oneof': 'off',
    },
  },
];
