# The service in a small image. TLS to PostgreSQL is in (feature "tls"); the widget is embedded as committed, so no Node.

FROM rust:1-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN cargo build --release --locked --features tls --bin postil \
    && strip target/release/postil

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin postil \
    && install -d -o postil -g postil -m 0700 /data
COPY --from=build /build/target/release/postil /usr/local/bin/postil

ENV POSTIL_LISTEN=0.0.0.0:8080 \
    POSTIL_DATA_DIR=/data
# By number, so that an orchestrator can see that it is not root. Declared after /data exists: a new volume takes
# the owner and mode it finds there.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["postil", "health"]
ENTRYPOINT ["postil"]
