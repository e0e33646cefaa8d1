import { copyFileSync } from "node:fs";
import { defineConfig } from "vite";

// The gateway trusts the documents of the page that it serves: see gateway/server/explorer.py.
const manifest = {
  name: "manifest",
  writeBundle: () => copyFileSync("src/generated/documents.json", "dist/documents.json"),
};

export default defineConfig({
  base: "./", // the page is served under whatever path the gateway is mounted at
  plugins: [manifest],
  resolve: { dedupe: ["react", "react-dom", "graphql-ws"] }, // what is shared with GraphiQL uses this page's
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // which file is inlined would differ from build to build
    license: { fileName: "licenses.md" }, // what the bundle is made of, beside the bundle
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // "use client" means nothing here
  },
});
