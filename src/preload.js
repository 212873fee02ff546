/* Loaded before the source by npm's scripts. JavaScript, so that a Node which cannot run the source can still say so. */

const major = Number(process.versions.node.split(".")[0])
if (major < 24) {
  process.stderr.write(
    `Node ${process.versions.node} cannot run this source: use Node 24 or later, or \`npm ci\` without --omit, which brings one (on Linux).\n`
  )
  process.exit(1)
}
