import { fileURLToPath } from "node:url"
import { last, stagesOf, textOf, variablesIn, wordsOf } from "../containers/Dockerfile.ts"

/** Where the repository begins. */
export const root = fileURLToPath(new URL("../../", import.meta.url))
const peers = fileURLToPath(new URL("peers/", import.meta.url))

/** How the image starts the service: the flags and variables of its last stage, on the bundle that was just built. */
const image = () => {
  const stage = stagesOf(textOf("Dockerfile")).at(-1)!
  const wordsIn = (keyword: string) => wordsOf(last(stage, keyword)?.text ?? "") ?? []
  const [, ...words] = [...wordsIn("ENTRYPOINT"), ...wordsIn("CMD")]
  return { words, variables: variablesIn(stage), cwd: `${root}local/build` }
}

const production = { NODE_ENV: "production" }

/** What is measured side by side. */
export const kinds = {
  bundle: { title: "ours, bundle", ...image() },
  source: { title: "ours, source", words: [`${root}src/main.ts`], variables: {}, cwd: root },
  fastify: { title: "Fastify 5 and pg", words: [`${peers}fastify.mjs`], variables: production, cwd: peers },
  plain: { title: "node:http and pg by hand", words: [`${peers}plain.mjs`], variables: production, cwd: peers },
  betterAuth: { title: "better-auth on Fastify", words: [`${peers}betterAuth.mjs`], variables: production, cwd: peers }
}

export type Kind = keyof typeof kinds
