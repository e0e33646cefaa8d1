import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../../schema.graphql', // elsewhere: the address of a gateway, http://127.0.0.1:8000/graphql
  documents: 'src/**/*.{ts,tsx}',
  generates: {
    'src/gql/possibleTypes.ts': {
      plugins: ['fragment-matcher'], // which types an interface has: the cache must know
      config: { apolloClientVersion: 3, useExplicitTyping: true },
    },
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true, // a scalar that has no type here stops the build
        scalars: {
          AccountSid: 'string',
          BigInt: 'number', // whole, and below 2^53
          CallSid: 'string',
          DateTime: 'string', // ISO 8601: for new Date(…)
          JSON: 'unknown',
          TimeBound: 'string', // '4h', or as a DateTime
          URL: 'string', // of a page, absolute
        },
      },
    },
  },
};

export default config;
