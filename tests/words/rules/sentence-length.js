// One sentence, one fact: at most `max` words. A span of code is one word, a name in capitals is none.
const { BLOCKS, sentencesOf } = require('../sentences.js');

module.exports = ({ RuleError, report, locator }, { max }) => {
  const check = (block) => {
    for (const { text, start } of sentencesOf(block)) {
      const words = text.match(/[\p{L}\p{N}'’_.,-]*[\p{Ll}\p{N}][\p{L}\p{N}'’_.,-]*/gu) ?? [];
      if (words.length > max) {
        const place = { padding: locator.at(start) };
        report(block, new RuleError(`${words.length} words, more than ${max}: make two sentences of "${text.slice(0, 60)} …"`, place));
      }
    }
  };
  return Object.fromEntries(BLOCKS.map((kind) => [kind, check]));
};
