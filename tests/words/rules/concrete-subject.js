// The subject of a sentence is a thing one can point at. A question may begin with its word.
const { BLOCKS, sentencesOf } = require('../sentences.js');

const VAGUE = /^(what|who|whom|whatever|all that|all who|those who|that which)\b(?!.*\?\s*$)/is;

module.exports = ({ RuleError, report, locator }) => {
  const check = (block) => {
    for (const { text, start } of sentencesOf(block)) {
      const [subject] = text.match(VAGUE) ?? [];
      if (subject) {
        report(block, new RuleError(`"${subject}" is no subject, name the thing: "${text.slice(0, 60)} …"`, { padding: locator.at(start) }));
      }
    }
  };
  return Object.fromEntries(BLOCKS.map((kind) => [kind, check]));
};
