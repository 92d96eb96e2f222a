import { readdirSync, readFileSync } from "node:fs";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

const EXAMPLES = "../examples/photos";

/** The page offers the rendered rooms of the repository. */
const copyExamples: Plugin = {
  name: "copy-examples",
  generateBundle() {
    for (const file of readdirSync(EXAMPLES)) {
      const source = readFileSync(`${EXAMPLES}/${file}`);
      this.emitFile({ type: "asset", fileName: `examples/${file}`, source });
    }
  },
};

/** The service worker learns the names of all built files, so that it can keep them offline. */
const listFiles: Plugin = {
  name: "list-files",
  generateBundle(_, bundle) {
    const names = Object.keys(bundle).filter((name) => name !== "sw.js" && name !== "index.html");
    const worker = bundle["sw.js"];
    if (worker.type !== "chunk") throw new Error("sw.js was not built");
    worker.code = worker.code.replace("__FILES__", JSON.stringify(names));
  },
};

export default defineConfig({
  base: "./",
  // ONNX Runtime's threads need its own script; its bundle would start ours in each of them.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  worker: { format: "es" },
  plugins: [copyExamples, listFiles],
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
