// The sentences of a page: of paragraphs and cells of tables, without markup. A cell or an item of a list that
// ends without a full stop is a label or a list of values, not a sentence.
const { split } = require('sentence-splitter');
const { StringSource } = require('textlint-util-to-string');

// The splitter takes the full stop behind a number for a decimal point.
const AFTER_NUMBERS = /\S.*?(?:\d\.(?=\s+\p{Lu})|$)/gsu;

exports.BLOCKS = ['Paragraph', 'TableCell'];

exports.sentencesOf = function* (block) {
  const source = new StringSource(block, {
    replacer: ({ node, maskValue }) => (node.type === 'Code' ? maskValue('x') : undefined),
  });
  for (const node of split(source.toString()).filter(({ type }) => type === 'Sentence')) {
    for (const part of node.raw.matchAll(AFTER_NUMBERS)) {
      const [text] = part;
      if (/[.!?:]\W*$/.test(text)) yield { text, start: source.originalIndexFromIndex(node.range[0] + part.index) ?? 0 };
    }
  }
};
