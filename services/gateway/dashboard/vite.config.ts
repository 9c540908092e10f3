import { defineConfig } from "vite";

// Built into the gateway's package, from where the wheel takes it.
export default defineConfig({
  build: {
    outDir: "../tunewright_gateway/dashboard",
    emptyOutDir: true,
    assetsInlineLimit: 0, // nothing inline: the content security policy allows none
    chunkSizeWarningLimit: 900, // the charting library is one chunk, loaded after the page
  },
  // `npm run dev` beside a running server: TUNEWRIGHT_HTTP=127.0.0.1:PORT npm run dev
  server: { proxy: { "/rpc": `http://${process.env.TUNEWRIGHT_HTTP ?? "127.0.0.1:8080"}` } },
});
