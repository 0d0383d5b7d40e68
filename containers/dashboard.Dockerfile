# The dashboard. Built from the repository's root, after `make wheel`:
#   docker build --file containers/dashboard.Dockerfile --build-context dist=dist --tag booksales-dashboard .
FROM python:3.13-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp

WORKDIR /srv

COPY requirements/dashboard.lock ./
RUN pip install --require-hashes --only-binary=:all: --requirement dashboard.lock
COPY --from=dist book_sales_analytics-*.whl ./
RUN pip install --no-deps --no-index book_sales_analytics-*.whl && rm book_sales_analytics-*.whl dashboard.lock

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin booksales \
    && chmod 1777 /tmp
USER 10001:10001
# On Fargate an empty volume has the owner and mode that the image's has, and root's alone where the image has none.
VOLUME ["/tmp"]

# On loopback, asking the API of the same task (decision 29).
ENTRYPOINT ["python", "-m", "streamlit_app", "--log-format", "json"]
