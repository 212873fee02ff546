#!/usr/bin/env bash
# Scans each platform of an image, and the packages inside its bundle, which a scan of the image cannot see.
# All findings go to the log and the summary; a critical finding fails the run.
# Usage: scan.sh IMAGE.tar, with GRYPE naming the scanner.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

scan() {
  local code=0 high
  "$GRYPE" "$2" --config .github/grype.yaml --fail-on critical --sort-by severity --output table >"$folder/found" || code=$?
  [ "$code" = 0 ] || status=$code
  cat "$folder/found"
  {
    printf '### Vulnerabilities in %s\n\n```\n' "$1"
    cat "$folder/found"
    printf '```\n'
  } >>"$GITHUB_STEP_SUMMARY"
  high=$(grep -cw High "$folder/found" || true)
  [ "$high" = 0 ] || echo "::warning::Of high severity in $1: $high. The summary lists them."
}

for arch in amd64 arm64; do
  skopeo copy --quiet --override-os linux --override-arch "$arch" "oci-archive:$1" "oci:$folder/$arch"
  scan "linux/$arch" "oci-dir:$folder/$arch"
done
# Not `npm sbom --omit dev`: it leaves out packages that a development package also needs.
mkdir "$folder/bundle"
node -p '
  const lock = JSON.parse(require("node:fs").readFileSync("package-lock.json", "utf8"))
  const shipped = Object.entries(lock.packages).filter(([, { dev, optional, devOptional }]) => !(dev || optional || devOptional))
  JSON.stringify({ ...lock, packages: Object.fromEntries(shipped) })
' >"$folder/bundle/package-lock.json"
scan "the bundle" "dir:$folder/bundle"

[ "$status" = 0 ] || echo "::error::A scan failed or had critical findings. The image is not pushed."
exit "$status"
