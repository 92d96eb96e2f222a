# Prediction, training and evaluation on the CPU:
#
#   docker build -t depth-unet:cpu .
#   docker run --rm -v "$PWD:/work" -u "$(id -u):$(id -g)" depth-unet:cpu predict photo.jpg
#
# The page of `depth-unet app` is built with Node, the wheel with Python; the last stage has neither
# compilers nor sources.

FROM node:22-slim AS page
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci
COPY web ./
COPY examples/photos /build/examples/photos
RUN npm run build

FROM python:3.11-slim AS wheel
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src src
COPY --from=page /build/src/depth_unet/app/page src/depth_unet/app/page
RUN pip wheel --no-cache-dir --no-deps --wheel-dir dist .

FROM python:3.11-slim
ARG EXTRAS=train,transfer,rooms,data,video,onnx
COPY constraints.txt /tmp/
COPY --from=wheel /build/dist /tmp/dist
# PyTorch's own index has builds without CUDA, which are much smaller.
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu \
        "$(grep '^torch==' /tmp/constraints.txt)" \
    && pip install --no-cache-dir -c /tmp/constraints.txt "$(echo /tmp/dist/*.whl)[$EXTRAS]" \
    && rm -r /tmp/dist /tmp/constraints.txt \
    && useradd --create-home --uid 1000 user
USER 1000
# Whoever runs the container as another user has no home folder in it.
ENV MPLCONFIGDIR=/tmp/matplotlib NUMBA_CACHE_DIR=/tmp/numba
WORKDIR /work
ENTRYPOINT ["depth-unet"]
CMD ["--help"]
