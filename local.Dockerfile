# The service for docker compose, which mounts the sources over these copies; the service restarts when they change.
FROM node:24.21.0-trixie-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY migrations/ migrations/
COPY seeds/ seeds/
COPY src/ src/
USER node
STOPSIGNAL SIGTERM
# What `npm run dev` starts, without npm, which does not forward signals.
CMD ["node", "--watch", "--watch-preserve-output", "src/main.ts"]
