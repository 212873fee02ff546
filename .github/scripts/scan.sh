#!/usr/bin/env bash
# Scans each platform of an image: all findings go to the log and the summary, a critical one fails the run.
# Usage: scan.sh IMAGE.tar, with GRYPE naming the scanner.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
for arch in amd64 arm64; do
  skopeo copy --quiet --override-os linux --override-arch "$arch" "oci-archive:$1" "oci:$folder/$arch"
  "$GRYPE" "oci-dir:$folder/$arch" --config .github/grype.yaml --fail-on critical --sort-by severity \
    --output table >"$folder/$arch.txt" || status=$?
  cat "$folder/$arch.txt"
  {
    printf '### Vulnerabilities in linux/%s\n\n```\n' "$arch"
    cat "$folder/$arch.txt"
    printf '```\n'
  } >>"$GITHUB_STEP_SUMMARY"
  high=$(grep -cw High "$folder/$arch.txt" || true)
  [ "$high" = 0 ] || echo "::warning::linux/$arch has $high vulnerabilities of high severity; the summary lists them."
done
[ "$status" = 0 ] || echo "::error::The scan of an image failed, or found what is critical. The image is not pushed."
exit "$status"
