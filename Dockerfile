# Three stages: npm builds the page, Python the wheel; what runs has Python and one environment.

FROM node:20-slim AS page
WORKDIR /page
COPY gateway/graphiql/.npmrc gateway/graphiql/package.json gateway/graphiql/package-lock.json ./
RUN npm ci
COPY gateway/graphiql/ ./
RUN npm run build

FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv --without-pip /opt/gateway
COPY .ci/requirements.txt .ci/
RUN pip --python /opt/gateway/bin/python install --no-cache-dir --require-hashes -r .ci/requirements.txt
COPY pyproject.toml README.md ./
COPY gateway/ gateway/
COPY --from=page /page/dist/ gateway/graphiql/dist/
# The page is there already: the wheel takes it as it is.
RUN GATEWAY_SKIP_GRAPHIQL=1 pip --python /opt/gateway/bin/python install --no-cache-dir --no-deps .

FROM python:3.11-slim
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
