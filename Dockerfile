# One image, three commands: the server (the default), `python -m cmd.worker` and
# `python -m cmd.admin db migrate`. docker-compose.yml runs all three.
FROM python:3.13-slim-bookworm AS base
# The base image has no bytecode of the standard library, and every start, health checks included, would make it anew.
RUN python -m compileall -q -x '/(test|tests|idlelib|lib2to3|site-packages|config-[^/]*)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
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
# Liveness, not readiness: a restart would not bring a lost database back.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "cmd.admin", "server", "ping"]
CMD ["python", "-m", "cmd.server"]
