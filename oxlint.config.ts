import { relative } from "node:path"
import { defineConfig, type OxlintOverride } from "./test/tools/oxlint.ts"

/** The rooms of `src`, from the ground up: a file imports from its own room and from those before it, never upward. */
const rooms = [
  "http",
  "game",
  "infra",
  "infra/upstream",
  "audit",
  "limits",
  "auth/discord",
  "auth",
  "characters",
  "guilds",
  "streams",
  "refreshes/warcraftlogs",
  "refreshes/battlenet",
  "refreshes",
  "roster",
  "refreshes/guild",
  "rulesets",
  "composer/engine",
  "plans",
  "composer",
  "account",
  "health",
  "Api.ts",
  "server",
  "App.ts",
  "Launch.ts",
  "main.ts",
  "adoption",
  "cli",
  "demo/servers",
  "demo/simulators",
  "demo/page",
  "demo"
]

const restricted = (patterns: Array<{ regex: string; message: string }>): NonNullable<OxlintOverride["rules"]> => ({
  "no-restricted-imports": ["error", { patterns }]
})

/** The specifiers by which a file of `room` would import from `other`. */
const importsOf = (other: string, room: string) => {
  const path = relative(room.endsWith(".ts") ? "." : room, other)
  const from = (path.startsWith(".") ? path : `./${path}`).replaceAll(".", "\\.")
  return other.endsWith(".ts") ? `^${from}$` : `^${from}/[^/]+$`
}

const above = (room: string, except?: string) =>
  restricted(
    rooms
      .slice(rooms.indexOf(room) + 1)
      .filter((other) => other !== except)
      .map((other) => ({
        regex: importsOf(other, room),
        message: `src/${room} stands below src/${other} (see rooms in oxlint.config.ts).`
      }))
  )

const filesOf = (room: string, ending = "*.ts") => (room.endsWith(".ts") ? `src/${room}` : `src/${room}/${ending}`)

export default defineConfig({
  plugins: ["typescript", "unicorn", "import", "promise", "vitest"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  rules: {
    "import/no-cycle": "error",
    "no-await-in-loop": "off",
    "no-shadow": "off",
    "no-underscore-dangle": "off",
    "no-console": "error",
    "no-control-regex": "off",
    "promise/valid-params": "off",
    "typescript/no-explicit-any": "error",
    "typescript/no-extraneous-class": "off",
    "typescript/no-this-alias": "off",
    "unicorn/no-array-method-this-argument": "off",
    "unicorn/consistent-function-scoping": "off",
    // It takes a port of a thread for a browser's window.
    "unicorn/require-post-message-target-origin": "off",
    "import/no-unassigned-import": "off"
  },
  overrides: [
    {
      files: ["src/**/*.ts"],
      rules: restricted([{ regex: ".", message: "Give this folder its place among the rooms in oxlint.config.ts." }])
    },
    { files: ["clients/typescript/examples/*.mjs"], rules: { "no-console": "off" } },
    ...rooms.map((room) => ({ files: [filesOf(room)], rules: above(room) })),
    // Effect makes handlers for the whole API, so they name it.
    ...rooms.map((room) => ({ files: [filesOf(room, "*Http.ts")], rules: above(room, "Api.ts") }))
  ],
  ignorePatterns: ["node_modules", "local", "clients/typescript/dist", "clients/typescript/src/schema.ts"]
})
