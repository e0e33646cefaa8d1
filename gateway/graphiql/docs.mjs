// The pages of docs/, written as HTML beside the built GraphiQL page: node docs.mjs FROM TO
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import MarkdownIt from "markdown-it";

const [from, to] = process.argv.slice(2);
const template = readFileSync(new URL("docs.html", import.meta.url), "utf8");
const pages = readdirSync(from, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".md") && !name.startsWith("examples/"));
const addressOf = (page) => (page === "README.md" ? "index.html" : page.replace(/\.md$/, ".html"));
const anchorOf = (title) => title.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");

const markdown = new MarkdownIt();
markdown.core.ruler.push("anchors", ({ tokens }) => {
  for (const [place, token] of tokens.entries()) {
    if (token.type === "heading_open") token.attrSet("id", anchorOf(plain(tokens[place + 1])));
  }
});
markdown.core.ruler.push("links", ({ tokens, env }) => {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === "link_open") relink(token, env.page);
  }
});

const plain = ({ children }) => children.map(({ content }) => content).join("");

// Links between pages stay; what leads to files that are not served is text.
function relink(link, page) {
  const href = served(link.attrGet("href"), page);
  if (href) link.attrSet("href", href);
  else link.attrs = [];
}

function served(href, page) {
  if (/^(https:|#)/.test(href)) return href;
  const [path, anchor] = href.split("#");
  const target = posix.join(posix.dirname(page), path);
  if (target === "../schema.graphql") return href;
  if (!pages.includes(target)) return undefined;
  const address = posix.relative(posix.dirname(page), addressOf(target));
  return anchor ? `${address}#${anchor}` : address;
}

for (const page of pages) {
  const text = readFileSync(join(from, page), "utf8").replace(/^<!-- .*? -->\n/gm, "");
  const title = /^# (.*)$/m.exec(text)[1];
  const home = posix.relative(posix.dirname(page), "index.html") || "index.html";
  const address = join(to, addressOf(page));
  mkdirSync(dirname(address), { recursive: true });
  const values = { title: markdown.utils.escapeHtml(title), home, content: markdown.render(text, { page }) };
  writeFileSync(address, template.replace(/{{ (\w+) }}/g, (_, name) => values[name]));
}
