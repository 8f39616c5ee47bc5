# One image for web processes and workers; compose.yaml says which is which.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app

# PyTorch without CUDA: some 200 MB instead of 3 GB.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.txt ./
RUN pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" -r requirements.txt

COPY LICENSE pyproject.toml ./
COPY weights ./weights
COPY static ./static
COPY templates ./templates
COPY model ./model
COPY webapp ./webapp

# Nobody in particular; nothing below /app can be written by it.
USER 10001:10001

EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:5000/healthz', timeout=4)"]

ENTRYPOINT ["python", "-m"]
CMD ["webapp", "--host", "0.0.0.0"]
