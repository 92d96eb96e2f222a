import { readdirSync, readFileSync } from "node:fs";
import { defaultClientConditions, defineConfig, type Plugin, type Rolldown } from "vite";

const EXAMPLES = "../examples/photos";

/** Adds the rendered rooms of the repository, and tells the service worker what to keep offline. */
const addExamples: Plugin = {
  name: "add-examples",
  generateBundle(_, bundle) {
    const examples = readdirSync(EXAMPLES);
    for (const file of examples) {
      const source = readFileSync(`${EXAMPLES}/${file}`);
      this.emitFile({ type: "asset", fileName: `examples/${file}`, source });
    }
    const built = Object.keys(bundle).filter((name) => name !== "sw.js" && name !== "index.html");
    const names = [...built, ...examples.map((file) => `examples/${file}`)];
    const worker = bundle["sw.js"] as Rolldown.OutputChunk;
    worker.code = worker.code.replaceAll("__FILES__", JSON.stringify(names));
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
      input: { index: "index.html", sw: "src/sw.ts" },
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
