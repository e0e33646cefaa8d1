import { copyFileSync } from "node:fs";
import { defineConfig } from "vite";

// The gateway trusts the documents of the page that it serves: see gateway/server/explorer.py.
const manifest = {
  name: "manifest",
  writeBundle: () => copyFileSync("src/generated/documents.json", "dist/documents.json"),
};

// The browser begins to load the page beside the script that asks the first questions, not behind it; so the font.
const preloads = {
  name: "preloads",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle = {} }) {
      const all = Object.values(bundle);
      const start = all.find(({ facadeModuleId }) => facadeModuleId?.endsWith("/shell/start.tsx"));
      const font = all.find(({ fileName }) => /inter-latin-wght.*woff2$/.test(fileName));
      const scripts = [start.fileName, ...start.imports].filter((name) => !html.includes(name));
      return [
        ...scripts.map((name) => preload(name, { rel: "modulepreload" })),
        preload(font.fileName, { rel: "preload", as: "font", type: "font/woff2" }),
      ];
    },
  },
};

const preload = (name, attrs) => ({
  tag: "link",
  attrs: { ...attrs, crossorigin: true, href: `./${name}` },
  injectTo: "head",
});

const named = (...names) => new RegExp(`/(${names.join("|")})\\b`);

// What asks the first questions waits for nothing else. What several views use is in two files: the browser loads six at
// a time.
const GROUPS = [
  {
    name: "first",
    test: named("src/(address|early|views|window|overview/figure-variables)", "graphiql/(endpoint|headers|token)", "generated/hashes"),
    priority: 1,
  },
  { name: "libraries", test: named("node_modules"), minShareCount: 2 },
  { name: "shared", test: named("src/(ui|shell|use-address|format)", "generated/(graphql|thresholds)"), minShareCount: 2 },
];

export default defineConfig({
  base: "./", // the page is served under whatever path the gateway is mounted at
  plugins: [manifest, preloads],
  resolve: { dedupe: ["react", "react-dom", "graphql-ws"] }, // what is shared with GraphiQL uses this page's
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // which file is inlined would differ from build to build
    license: { fileName: "licenses.md" }, // what the bundle is made of, beside the bundle
    rolldownOptions: {
      checks: { moduleLevelDirective: false }, // "use client" means nothing here
      output: { codeSplitting: { groups: GROUPS } },
    },
  },
});
