ARG PYTHON=3.13
ARG GO=1.26


# kustomize and helm, in the versions that the tests use.
FROM golang:${GO}-bookworm AS renderers

ENV CGO_ENABLED=0 \
    GOBIN=/renderers
COPY requirements/renderers.txt requirements/renderers.ldflags /src/
RUN xargs -n 1 go install -trimpath "-ldflags=$(cat /src/renderers.ldflags)" </src/renderers.txt \
 && /renderers/kustomize version \
 && /renderers/helm version


# Not the slim image: one dependency comes as C source.
FROM python:${PYTHON}-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# The dependencies first: they change less often than the code. Each file is checked against its hash.
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt \
 && python -m pip wheel --require-hashes --no-build-isolation --only-binary :all: --no-binary gunicorn-h1c \
      --wheel-dir /wheels -r requirements/runtime.txt

COPY pyproject.toml README.md LICENSE ./
COPY webhook webhook
COPY certs certs
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/baseward \
 && python -m pip --python /opt/baseward install --no-index --no-deps /wheels/*.whl \
 && /opt/baseward/bin/baseward --help >/dev/null


FROM python:${PYTHON}-slim-bookworm

LABEL org.opencontainers.image.title="Baseward" \
      org.opencontainers.image.description="Git is the baseline: refuses drift of Ingress, NetworkPolicy and RBAC" \
      org.opencontainers.image.licenses="Apache-2.0"

# git reads the sources, by https and by ssh; gnupg checks who signed a revision, and so does ssh-keygen.
RUN apt-get update \
 && apt-get install -y --no-install-recommends git gnupg openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 65532 baseward \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin baseward \
 && install -d -o 65532 -g 65532 -m 0750 /var/lib/baseward

COPY --from=renderers /renderers/ /usr/local/bin/
COPY --from=build /opt/baseward /opt/baseward

# The root may be read-only; written are /var/lib/baseward (the snapshot, an emptyDir or a volume) and /tmp:
#   docker run --read-only --tmpfs /tmp --volume baseward:/var/lib/baseward ...
ENV PATH=/opt/baseward/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /var/lib/baseward
EXPOSE 8443
ENTRYPOINT ["baseward"]
CMD ["--help"]
