import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { Effect, Schedule } from "effect"
import { freePort } from "../../src/demo/servers/Watchdog.ts"
import { textOf } from "../containers/Dockerfile.ts"
import { certificateFile, keyFile } from "../support/Certificates.ts"

/** Debian keeps it where an ordinary user does not look. */
const binary = () => {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]
  const found = folders.map((folder) => join(folder, "nginx")).find((path) => existsSync(path))
  if (found === undefined) throw new Error("nginx is not installed: apt-get install nginx")
  return found
}

const answers = (port: number) =>
  Effect.callback<void, string>((resume) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resume(Effect.void)
    })
    socket.on("error", (error) => resume(Effect.fail(error.message)))
  })

interface Ports {
  /** Speaks TLS. */
  readonly tls: number
  /** The same server without TLS. */
  readonly plain: number
  /** Sends to the former. */
  readonly redirect: number
}

const replace = (text: string, pairs: ReadonlyArray<readonly [from: string, to: string]>) => {
  for (const [from, to] of pairs) {
    if (text.split(from).length !== 2) throw new Error(`${from} is not once in the file`)
    text = text.replace(from, to)
  }
  return text
}

/** deploy/nginx as it is, but for ports and certificate. */
const ours = (replicas: readonly [number, number], { tls, plain, redirect }: Ports) =>
  replace(textOf("deploy/nginx/raid-composition-backend.conf"), [
    ["listen 80;", `listen 127.0.0.1:${redirect};`],
    ["listen [::]:80;", ""],
    ["listen 443 ssl;", `listen 127.0.0.1:${tls} ssl; listen 127.0.0.1:${plain};`],
    ["listen [::]:443 ssl;", ""],
    ["/etc/ssl/raid.example/fullchain.pem", certificateFile],
    ["/etc/ssl/raid.example/privkey.pem", keyFile],
    ["127.0.0.1:8001", `127.0.0.1:${replicas[0]}`],
    ["127.0.0.1:8002", `127.0.0.1:${replicas[1]}`]
  ])

/** What one writes without reading further: nginx with its defaults. */
const defaults = (replicas: readonly [number, number], { plain }: Ports) => `
upstream replicas { ${replicas.map((port) => `server 127.0.0.1:${port};`).join(" ")} }
server { listen 127.0.0.1:${plain}; location / { proxy_pass http://replicas; } }`

const main = (folder: string) => `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 2;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
  log_format asked '$request_method $status $upstream_addr';
  access_log ${folder}/access.log asked;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  include ${folder}/site.conf;
}`

/** An nginx in front of two ports, with the file of deploy/nginx or its own defaults; it ends with the scope. */
export const nginx = Effect.fnUntraced(function* (
  replicas: readonly [number, number],
  config: "ours" | "defaults" = "ours"
) {
  const path = yield* Effect.sync(binary)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "nginx-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )
  const [tls, plain, redirect] = [
    yield* Effect.promise(freePort),
    yield* Effect.promise(freePort),
    yield* Effect.promise(freePort)
  ]
  const ports: Ports = { tls, plain, redirect }
  writeFileSync(join(folder, "site.conf"), (config === "ours" ? ours : defaults)(replicas, ports))
  writeFileSync(join(folder, "main.conf"), main(folder))
  const words = ["-e", join(folder, "error.log"), "-p", folder, "-c", join(folder, "main.conf")]
  const said = execFileSync(path, ["-t", "-q", ...words], { encoding: "utf8" })
  const logOf = (name: string) => readFileSync(join(folder, `${name}.log`), "utf8")
  if (said !== "" || logOf("error") !== "") throw new Error(`nginx warns:\n${said}${logOf("error")}`)
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(path, words, { stdio: "inherit" })),
    (child: ChildProcess) =>
      Effect.promise(() => {
        const ended = new Promise((resolve) => child.once("exit", resolve))
        child.kill("SIGTERM")
        return ended
      })
  )
  yield* answers(plain).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "10 seconds" })) }),
    Effect.catch((reason) => Effect.die(new Error(`nginx does not answer (${reason}):\n${logOf("error")}`)))
  )
  return { ...ports, errors: () => logOf("error"), requests: () => logOf("access").trim().split("\n") }
})
