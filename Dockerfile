# syntax=docker/dockerfile:1
# The release binary with GraphiQL in it, on a small system, as an ordinary user. The database is somebody else's: see
# docker-compose.yml. A deployment that wants the very same image again pins these tags by their digests.

# GraphiQL, from pinned npm packages.
FROM node:24-trixie-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM rust:1.95-slim-trixie AS build
WORKDIR /src
# The dependencies alone first, around an empty program: this layer stays until Cargo.lock changes.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY kernel/Cargo.toml kernel/
COPY macros/Cargo.toml macros/
COPY testcontainers/Cargo.toml testcontainers/
RUN mkdir -p src tests/it kernel/src macros/src testcontainers/src \
    && echo 'fn main() {}' | tee src/main.rs tests/it/main.rs > /dev/null \
    && touch src/lib.rs kernel/src/lib.rs macros/src/lib.rs testcontainers/src/lib.rs \
    && cargo build --release --locked --bin lectern
COPY build.rs ./
COPY sql sql
COPY policies policies
COPY docs/privileges.md docs/
COPY web/fallback web/fallback
COPY web/shared web/shared
COPY --from=web /src/web/dist web/dist
COPY kernel/src kernel/src
COPY macros/src macros/src
COPY src src
# Newer than the empty program, whatever the clock of the checkout says.
# docker build --build-arg LECTERN_COMMIT="$(git rev-parse HEAD)" lets `lectern version` say it.
ARG LECTERN_COMMIT=
RUN touch src/main.rs src/lib.rs kernel/src/lib.rs macros/src/lib.rs && LECTERN_COMMIT="$LECTERN_COMMIT" cargo build --release --locked --bin lectern

FROM debian:13-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 lectern \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lectern \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /src/target/release/lectern /usr/local/bin/lectern
# Without DATABASE_URL there is nothing to serve from: no PostgreSQL is installed here, and none is fetched.
ENV LECTERN_LISTEN=0.0.0.0:8000 LECTERN_LOG_FORMAT=json LECTERN_OFFLINE=true
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s --retries=3 CMD ["lectern", "health"]
ENTRYPOINT ["lectern"]
CMD ["serve"]
