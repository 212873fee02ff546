import { defineConfig, type Plugin } from "rolldown"

/** V8 keeps a text as one byte a character only if all of them fit: without this the code takes 8 MB more of memory. */
const ascii: Plugin = {
  name: "ascii",
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== "chunk") continue
      file.code = file.code.replace(/[\u0080-\uffff]/g, (character) => {
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
      })
    }
  }
}

export default defineConfig({
  input: ["src/main.ts", "src/cli/migrate.ts", "src/composer/worker.ts"],
  platform: "node",
  external: ["undici", "highs"],
  plugins: [ascii],
  logLevel: "warn",
  output: { dir: "local/build", cleanDir: true, sourcemap: true, sourcemapExcludeSources: true }
})
