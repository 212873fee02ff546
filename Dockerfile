# The service as a bundle, on a Node image that holds neither a shell nor npm.
#
#   docker build -t raid-composition-backend --build-arg VERSION=0.1.0 \
#     --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(date -u +%Y-%m-%dT%H:%M:%SZ)" .
#
# Tags move. `docker buildx imagetools inspect IMAGE` tells the digest to append to both FROM lines (@sha256:…).

# What is built is the same for every platform, so it is built on the builder's own.
FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src/ src/
RUN npm run build

# Only files are copied into it, so another platform needs no emulation.
FROM gcr.io/distroless/nodejs24-debian13:nonroot
# As many folders deep as src/infra, from where the code finds migrations and seeds.
WORKDIR /app/dist/server
# CommonJS that is imported by its names, which a bundle cannot keep.
COPY --from=builder /app/node_modules/undici/ /app/node_modules/undici/
COPY migrations/ /app/migrations/
COPY seeds/ /app/seeds/
COPY --from=builder /app/local/build/ ./
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=45s --retries=3 CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:' + process.env.APP_PORT + '/api/v1/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No memory flag: V8 fits its heap to the limit of the container. Whoever sets --max-old-space-size (NODE_OPTIONS) must
# set --max-semi-space-size=32 with it, or collecting garbage takes most of the processor.
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps"]
CMD ["main.js"]

# The bundle hides its packages from a scan of the image; the lock file in the context names them.
ARG BUILDKIT_SBOM_SCAN_CONTEXT=true
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="raid-composition-backend" \
      org.opencontainers.image.description="Backend of a raid composition planner for World of Warcraft guilds" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
