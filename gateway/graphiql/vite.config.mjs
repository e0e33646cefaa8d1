import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // the page is served under whatever path the gateway is mounted at
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // which file is inlined would differ from build to build
    chunkSizeWarningLimit: 4096, // the editor is one large chunk, fetched once and kept
    license: { fileName: "licenses.md" }, // what the bundle is made of, beside the bundle
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // "use client" means nothing here
  },
  worker: { format: "es" },
});
