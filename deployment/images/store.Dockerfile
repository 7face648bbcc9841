# The store: siaga/core with the MinIO server that set-up has built with our patches (docs/decisions/002).
ARG CORE=siaga/core
# hadolint ignore=DL3006
FROM ${CORE}
COPY minio /usr/local/bin/minio
ENV SIAGA_MINIO=/usr/local/bin/minio
CMD ["siaga", "store"]
