/* Loaded by `npm start` alone: a variable of the environment wins over the file, and production reads none. */

import { existsSync } from "node:fs"

if (process.env.NODE_ENV !== "production" && existsSync(".env")) process.loadEnvFile(".env")
