import { defineConfig } from 'vite';

// The page and the gateway have one origin for the browser: nothing to allow, no CORS.
export default defineConfig({
  server: {
    proxy: { '/graphql': { target: process.env['GATEWAY'] ?? 'http://127.0.0.1:8000', ws: true } },
  },
});
