# Gateway, SFTP door, web app and command line; no QGIS. The context is made by deployment/images/build.sh: the wheel of
# this checkout, the locked packages, two small programs. BASE is any Debian 12; name it by its digest to build the same.
ARG BASE=docker.io/library/debian:12-slim
# hadolint ignore=DL3006
FROM ${BASE}

# The door receives rsync's files in bubblewrap, the first keys are made by ssh-keygen, backups go into restic.
COPY slim.cfg /etc/dpkg/dpkg.cfg.d/slim
# hadolint ignore=DL3008
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends \
        bubblewrap ca-certificates openssh-client python3 python3-gdal python3-numpy python3-venv restic rsync >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*

COPY core.lock /tmp/
# hadolint ignore=DL3013,DL3042
RUN python3 -m venv --system-site-packages /opt/siaga \
    && /opt/siaga/bin/pip install -q --no-cache-dir --require-hashes -r /tmp/core.lock \
    && find /opt/siaga -name __pycache__ -prune -exec rm -rf {} + \
    && rm /tmp/core.lock \
    && useradd --system --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin siaga \
    && install -d -o siaga -g siaga -m 0700 /var/lib/siaga /var/cache/siaga

COPY siaga-*.whl sbom.py healthy.py /opt/siaga/
# hadolint ignore=DL3013,DL3042
RUN /opt/siaga/bin/pip install -q --no-cache-dir --no-deps --no-index /opt/siaga/siaga-*.whl \
    && rm /opt/siaga/siaga-*.whl \
    && mkdir -p /usr/share/siaga && /opt/siaga/bin/python /opt/siaga/sbom.py >/usr/share/siaga/sbom.cdx.json

# All that is written goes to these two folders and /tmp, so that the root may be read-only.
ENV PATH=/opt/siaga/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    SIAGA_HOME=/var/lib/siaga \
    SIAGA_CACHE=/var/cache/siaga

ARG VERSION=0
ARG COMMIT=unknown
ENV SIAGA_COMMIT=${COMMIT}
LABEL org.opencontainers.image.title="Siaga core" \
    org.opencontainers.image.description="A hazard comes in, an impact report goes out: gateway, SFTP door, web app" \
    org.opencontainers.image.licenses="GPL-3.0-or-later" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${COMMIT}"

USER 10001
WORKDIR /var/lib/siaga
STOPSIGNAL SIGTERM
# A machine that is busy takes seconds to begin an interpreter, and that is no fault of the part's.
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s --retries=3 CMD ["python", "/opt/siaga/healthy.py"]
CMD ["siaga", "--help"]
