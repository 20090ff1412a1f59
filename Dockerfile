# The bot in a container; docs/operating.md says how to run it, compose.yaml runs it with all that it needs.
#
# To pin the base image by its digest: --build-arg BASE=python@sha256:<digest>
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR="1"
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --only-binary=:all: --require-hashes -r requirements.lock
COPY bot /app/bot
COPY cogs /app/cogs
COPY deploy/healthcheck.py /app/
# The image cannot write beside the source, so it is compiled here; the hash needs no file times.
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${BASE}
LABEL org.opencontainers.image.title="veo-bot" \
    org.opencontainers.image.description="A self-hosted Discord bot: /veo makes a video with Google's Veo."

# Nothing is installed at run time, so pip goes; only /data is ever written to.
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore wheel setuptools pip \
    && groupadd --gid 10001 veo \
    && useradd --uid 10001 --gid veo --no-log-init --no-create-home --home-dir /data \
    --shell /usr/sbin/nologin veo \
    && install --directory --owner=veo --group=veo --mode=0700 /data

# PYTHONSAFEPATH: nothing is imported from the working folder, which the bot can write to.
ENV PATH="/venv/bin:$PATH" \
    PYTHONPATH="/app" \
    PYTHONSAFEPATH="1" \
    PYTHONUNBUFFERED="1" \
    PYTHONDONTWRITEBYTECODE="1" \
    DATA_DIR="/data" \
    HTTP_PORT="8080"
COPY --from=build /venv /venv
COPY --from=build /app /app

USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 \
    CMD ["python", "/app/healthcheck.py"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
