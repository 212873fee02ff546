# The service for docker compose, which mounts the sources over these copies; a change of them restarts it.
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
# `npm run dev` without npm, which would not hand the signals on.
CMD ["node_modules/.bin/tsx", "watch", "--include", "src", "src/main.ts"]
