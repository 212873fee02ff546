#!/usr/bin/env bash
# Copies an image with its provenance and SBOM to GHCR and Docker Hub, under each of TAGS, byte for byte as it was scanned.
# Usage: publish.sh IMAGE.tar. Sets the output `before` to the digest that a pull request's tag had on GHCR, if different.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xf "$1" -C "$folder"
skopeo inspect --raw "oci:$folder" >"$folder/new.json"
digest=$(skopeo manifest-digest "$folder/new.json")

ghcr=ghcr.io/$(printf %s "$GITHUB_REPOSITORY" | tr '[:upper:]' '[:lower:]')
skopeo login ghcr.io --username "$GITHUB_ACTOR" --password-stdin <<<"$GITHUB_TOKEN"
images=("$ghcr")
if [ -n "$DOCKERHUB_USERNAME" ] && [ -n "$DOCKERHUB_TOKEN" ]; then
  if [ -z "$DOCKERHUB_IMAGE" ]; then
    echo "::error::The Docker Hub secrets are set: set the variable DOCKERHUB_IMAGE to namespace/name as well."
    exit 1
  fi
  skopeo login docker.io --username "$DOCKERHUB_USERNAME" --password-stdin <<<"$DOCKERHUB_TOKEN"
  images+=("docker.io/$DOCKERHUB_IMAGE")
fi

case $TAGS in
  pr-*)
    if skopeo inspect --raw "docker://$ghcr:$TAGS" >"$folder/before.json" 2>/dev/null; then
      before=$(skopeo manifest-digest "$folder/before.json")
      [ "$before" = "$digest" ] || echo "before=$before" >>"$GITHUB_OUTPUT"
    fi
    ;;
esac

for image in "${images[@]}"; do
  for tag in $TAGS; do
    skopeo copy --quiet --all --preserve-digests --retry-times 3 "oci:$folder" "docker://$image:$tag"
    echo "- \`$image:$tag\` is \`$digest\`" | tee -a "$GITHUB_STEP_SUMMARY"
  done
done
