# Three stages: npm builds GraphiQL and the explorer, Python the documentation and the wheel; what runs
# has Python and one environment.
# For builds that give the same files next year too, name base images by their digest:
# docker build --build-arg PYTHON=python@sha256:… --build-arg NODE=node@sha256:… .
ARG PYTHON=python:3.11-slim
ARG NODE=node:20-slim

FROM ${NODE} AS page
WORKDIR /pages/gateway/graphiql
COPY gateway/graphiql/.npmrc gateway/graphiql/package.json gateway/graphiql/package-lock.json ./
RUN npm ci
COPY gateway/graphiql/ ./
RUN npm run build
WORKDIR /pages/gateway/explorer
COPY gateway/explorer/.npmrc gateway/explorer/package.json gateway/explorer/package-lock.json ./
RUN npm ci
COPY schema.graphql /pages/
COPY gateway/explorer/ ./
RUN npm run build

FROM ${PYTHON} AS build
WORKDIR /build
COPY .ci/requirements.txt .ci/requirements-build.txt .ci/
RUN python -m venv --without-pip /opt/gateway
RUN pip --python /opt/gateway/bin/python install --no-cache-dir --no-compile --require-hashes -r .ci/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r .ci/requirements-build.txt
COPY pyproject.toml hatch_build.py README.md CHANGELOG.md schema.graphql ./
COPY docs/ docs/
COPY tests/clients/ tests/clients/
COPY gateway/ gateway/
RUN python -m gateway.documentation.build gateway/documentation/dist
COPY --from=page /pages/gateway/graphiql/dist/ gateway/graphiql/dist/
COPY --from=page /pages/gateway/explorer/dist/ gateway/explorer/dist/
# The pages are there already: the wheel takes them as they are.
RUN GATEWAY_SKIP_GRAPHIQL=1 pip wheel --no-deps --no-build-isolation --wheel-dir dist .
RUN pip --python /opt/gateway/bin/python install --no-index --no-deps --no-compile dist/*.whl
# Compiled once, here, and told by their content: what runs neither writes nor looks at times.
RUN /opt/gateway/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/gateway/lib

FROM ${PYTHON}
COPY --from=build /opt/gateway/ /opt/gateway/
# Nothing is written below: the root file system may be read-only.
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEWAY_HOST=0.0.0.0
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; port = os.environ.get('GATEWAY_PORT', '8000'); r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=2)"]
# GATEWAY_AUTH is not said here: who runs the image decides who may reach it (docs/operations/running.md).
ENTRYPOINT ["gateway"]
CMD ["serve"]
