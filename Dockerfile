# One image for each service: docker build --build-arg APP=planner .
FROM node:24-bookworm-slim AS build
WORKDIR /sluice
COPY . .
RUN npm ci
RUN npm run build
# What runs needs neither the tools, nor the tests, nor the sources.
RUN npm prune --omit=dev \
  && rm -rf bench test tools \
  && find apps libs -type d -name src -prune -exec rm -rf {} + \
  && find apps libs -path '*/dist/*' \( -name '*.spec.*' -o -name '*.suite.*' -o -name '*.d.ts*' -o -name '.tsbuildinfo' \) -delete

FROM node:24-bookworm-slim
ARG APP
RUN test -n "$APP" || { echo 'Say which service: --build-arg APP=planner, executor, health-gate, notifier, archiver, checkpointer, gateway or agent'; exit 1; }
ENV NODE_ENV=production APP=$APP SLUICE_DATA_DIR=/var/lib/sluice
RUN install -d -o node -g node "$SLUICE_DATA_DIR" /var/lib/sluice-archive /var/lib/sluice-checkpoints
VOLUME /var/lib/sluice
WORKDIR /sluice
COPY --from=build /sluice/LICENSE /sluice/package.json ./
COPY --from=build /sluice/node_modules node_modules
COPY --from=build /sluice/libs libs
COPY --from=build /sluice/apps apps
USER node
# `exec`: the service itself gets the signal to stop, and drains.
ENTRYPOINT ["/bin/sh", "-c", "exec node apps/cli/dist/main.js \"$APP\" \"$@\"", "sluice"]
