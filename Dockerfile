# One image, three commands: the server (the default), `python -m cmd.worker` and
# `python -m cmd.admin db migrate`. docker-compose.yml runs all three.
FROM python:3.13-slim-bookworm AS base
WORKDIR /app

FROM base AS builder
# Before the code, so that a change of the code does not install the dependencies again.
COPY requirements/runtime.txt /requirements.txt
# Wheels only: the slim image has no compiler, and the final stage should not need one either.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install \
        --no-cache-dir --only-binary=:all: --require-hashes -r /requirements.txt
COPY cmd cmd
COPY internal internal
COPY pyproject.toml .
# A checkout may be closed to other users, and the bytecode cannot be written on a read-only root.
RUN chmod -R go=rX . && python -m compileall -q .

FROM base
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
# PYTHONPATH: this project's package `cmd` has to be found before the standard library's.
# PRIVATE_PORT is no secret, whatever its name suggests.
# hadolint ignore=DL3064
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080 \
    PRIVATE_PORT=9090 \
    LOG_FORMAT=json
# Numeric, so that an orchestrator can see that it is not root; it owns no file here.
USER 65532:65532
EXPOSE 8080
# Liveness, not readiness: a restart would not bring a lost database back. On the private port, which clients cannot
# keep busy. Not urllib: it would ask a proxy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, sys; from http.client import HTTPConnection; server = HTTPConnection('127.0.0.1', os.environ['PRIVATE_PORT'], timeout=3); server.request('GET', '/livez'); sys.exit(server.getresponse().status != 200)"]
CMD ["python", "-m", "cmd.server"]
