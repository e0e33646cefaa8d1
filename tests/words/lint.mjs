// Lints Markdown files by the rules of this folder: node lint.mjs FILE …
// Prints a line for each fault, FILE:LINE:COLUMN: what is wrong; the exit status is 1 if there is one.
import { fileURLToPath } from 'node:url';
import { TextlintKernelDescriptor } from '@textlint/kernel';
import markdown from '@textlint/textlint-plugin-markdown';
import { createLinter } from 'textlint';
import prh from 'textlint-rule-prh';
import concreteSubject from './rules/concrete-subject.js';
import sentenceLength from './rules/sentence-length.js';

const terms = fileURLToPath(new URL('terms.yml', import.meta.url));
const descriptor = new TextlintKernelDescriptor({
  plugins: [{ pluginId: 'markdown', plugin: markdown.default ?? markdown }],
  filterRules: [],
  rules: [
    { ruleId: 'concrete-subject', rule: concreteSubject },
    { ruleId: 'sentence-length', rule: sentenceLength, options: { max: 25 } },
    { ruleId: 'terms', rule: prh.default ?? prh, options: { rulePaths: [terms], checkLink: true, checkEmphasis: true } },
  ],
});

const linted = await createLinter({ descriptor }).lintFiles(process.argv.slice(2));
for (const { filePath, messages } of linted) {
  for (const { line, column, message } of messages) {
    console.log(`${filePath}:${line}:${column}: ${message.replaceAll('\n', ' ')}`);
  }
}
process.exitCode = linted.some(({ messages }) => messages.length) ? 1 : 0;
