// What Relay's plugin for Babel does in a build: what was compiled takes the place of the text.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export function graphql([text]) {
  const [, name] = /(?:query|mutation|subscription|fragment)\s+(\w+)/.exec(text);
  return require(`./__generated__/${name}.graphql`);
}
