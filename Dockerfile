# One image, five commands: the server (the default), `python -m cmd.grpc`, `python -m cmd.worker`,
# `python -m cmd.dashboard` and `python -m cmd.admin db migrate`. docker-compose.yml runs all five.
FROM python:3.13-slim-bookworm AS base
# The base image lacks the standard library's bytecode. Without this, every start and health check would compile it.
RUN python -m compileall -q -x '/(test|tests|idlelib|lib2to3|site-packages|config-[^/]*)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
WORKDIR /app

FROM base AS builder
# Before the code, so that a code change does not reinstall the dependencies.
COPY requirements/runtime.txt /requirements.txt
# Wheels only: the slim image has no compiler, and the final stage should not need one.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install \
        --no-cache-dir --only-binary=:all: --require-hashes -r /requirements.txt
COPY cmd cmd
COPY internal internal
COPY pyproject.toml .
# A checkout may be unreadable to other users, and a read-only root cannot store bytecode.
RUN chmod -R go=rX . && python -m compileall -q .

FROM base
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
# PYTHONPATH: Python must find this project's package `cmd` before the standard library's.
# PRIVATE_PORT is not a secret, whatever its name suggests.
# hadolint ignore=DL3064
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8080 \
    GRPC_HOST=0.0.0.0 \
    GRPC_PORT=50051 \
    DASHBOARD_HOST=0.0.0.0 \
    DASHBOARD_PORT=8081 \
    PRIVATE_PORT=9090 \
    LOG_FORMAT=json
# Numeric, so that an orchestrator can see that it is not root. This user owns no files.
USER 65532:65532
EXPOSE 8080 8081 50051
# Liveness, not readiness: a restart would not bring the database back.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "cmd.admin", "server", "ping"]
CMD ["python", "-m", "cmd.server"]
