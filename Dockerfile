# One image for every command and stage: `docker run hydrawatch run fingerprints`, `docker run hydrawatch topics apply`.
# Every RUN and COPY is also run without an engine by test/integration/cli/image.test.ts; keep to what it understands:
# COPY of plain paths or --from a stage, RUN in the shell form, no ARG or ENV that a RUN depends on.
FROM node:20.20.2-bookworm-slim AS base
WORKDIR /app

# `prepare` builds, and the build needs what --omit=dev leaves out, so no scripts: no dependency needs its own.
FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY schemas schemas
COPY lib lib
COPY producers producers
COPY consumers consumers
RUN npm run build && rm dist/.tsbuildinfo

FROM base
LABEL org.opencontainers.image.title="hydrawatch" \
      org.opencontainers.image.description="Finds distillation campaigns against a language model on the provider's own API traffic." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/node:20.20.2-bookworm-slim"
ENV NODE_ENV=production
COPY package.json LICENSE THIRD_PARTY.md ./
COPY bin bin
COPY schemas schemas
COPY producers/sample/data producers/sample/data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The user `node` of the base image, by number: Kubernetes checks runAsNonRoot against a number only.
USER 1000:1000
# No shell and no npm in between: SIGTERM reaches the program, which leaves its consumer group and ends with 0.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/bin/hydrawatch.js"]
CMD ["--help"]
