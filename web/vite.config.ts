import { createHash } from "node:crypto";
import { defaultClientConditions, defineConfig, type Plugin, type Rolldown } from "vite";
import text from "./src/text.json" with { type: "json" };

/** Puts the texts into the page. */
const addTexts: Plugin = {
  name: "add-texts",
  transformIndexHtml: (html) =>
    html.replace(/\{\{(\w+)\}\}/g, (_, name: keyof typeof text) => text[name] as string),
};

/** Tells the service worker what to keep offline. */
const listFiles: Plugin = {
  name: "list-files",
  generateBundle: {
    order: "post", // after the page
    handler(_, bundle) {
      const files = Object.keys(bundle).filter((name) => name !== "sw.js" && name !== "index.html");
      const page = bundle["index.html"] as Rolldown.OutputAsset;
      const version = createHash("sha256").update(page.source).digest("hex");
      const worker = bundle["sw.js"] as Rolldown.OutputChunk;
      worker.code = worker.code
        .replaceAll("__FILES__", JSON.stringify(files))
        .replaceAll("__VERSION__", JSON.stringify(version));
    },
  },
};

export default defineConfig({
  base: "./",
  // ONNX Runtime's threads need its own script; its bundle would start ours in each of them.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  worker: { format: "es" },
  plugins: [addTexts, listFiles],
  build: {
    target: "es2022",
    outDir: "../src/depth_unet/app/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", sw: "src/sw/sw.ts" },
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
