// The sentences of a page: of paragraphs and cells of tables, without markup. A cell or an item of a list that
// ends without a full stop is a label or a list of values, not a sentence.
const { split } = require('sentence-splitter');
const { StringSource } = require('textlint-util-to-string');

exports.BLOCKS = ['Paragraph', 'TableCell'];

exports.sentencesOf = function* (block) {
  const source = new StringSource(block, {
    replacer: ({ node, maskValue }) => (node.type === 'Code' ? maskValue('x') : undefined),
  });
  for (const node of split(source.toString())) {
    if (node.type === 'Sentence' && /[.!?:]\W*$/.test(node.raw)) yield { text: node.raw, start: source.originalIndexFromIndex(node.range[0]) ?? 0 };
  }
};
