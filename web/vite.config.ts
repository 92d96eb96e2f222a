import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defaultClientConditions, defineConfig, type Plugin, type Rolldown } from "vite";

const EXAMPLES = "../examples/photos";

/** Adds the rendered rooms of the repository, and tells the service worker what to keep offline. */
const addExamples: Plugin = {
  name: "add-examples",
  generateBundle: {
    order: "post", // after the page
    handler(_, bundle) {
      const built = Object.keys(bundle).filter((name) => name !== "sw.js" && name !== "index.html");
      const page = bundle["index.html"] as Rolldown.OutputAsset;
      const version = createHash("sha256").update(page.source).digest("hex");
      const examples = readdirSync(EXAMPLES).map((file) => {
        const [fileName, source] = [`examples/${file}`, readFileSync(`${EXAMPLES}/${file}`)];
        this.emitFile({ type: "asset", fileName, source });
        return fileName;
      });
      const worker = bundle["sw.js"] as Rolldown.OutputChunk;
      worker.code = worker.code
        .replaceAll("__FILES__", JSON.stringify([...built, ...examples]))
        .replaceAll("__VERSION__", JSON.stringify(version));
    },
  },
};

export default defineConfig({
  base: "./",
  // ONNX Runtime's threads need its own script; its bundle would start ours in each of them.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  worker: { format: "es" },
  plugins: [addExamples],
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
