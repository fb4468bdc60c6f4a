# Pages and REST in one container, for Render (Docker runtime), Hugging Face Spaces (Docker SDK), or any engine:
#   docker build -t bearing . && docker run -p 8501:8501 --memory 512m bearing
# The same steps as benchmarks/deploy_check.py takes in a fresh environment (tests/test_packaging.py holds them equal).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    OMP_NUM_THREADS=1 MALLOC_ARENA_MAX=2 BEARING_WORKERS=1 BEARING_READ_TIMEOUT_S=30 PORT=8501

RUN useradd --create-home --uid 1000 bearing
WORKDIR /app
COPY requirements.txt constraints.txt ./
RUN pip install --only-binary=:all: -r requirements.txt
COPY app.py LICENSE ./
COPY .streamlit .streamlit
COPY bearing bearing
COPY pages pages
COPY data data
COPY weights weights
USER bearing

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD python -c "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/_stcore/health', timeout=4)"
CMD exec streamlit run app.py --server.port $PORT --server.address 0.0.0.0 --server.headless true
