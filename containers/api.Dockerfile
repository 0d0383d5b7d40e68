# The REST API. Built from the repository's root, after `make wheel`:
#   docker build --file containers/api.Dockerfile --build-context dist=dist --tag booksales-api .
FROM python:3.13-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PGSSLROOTCERT=/etc/ssl/rds-ca.pem

WORKDIR /srv

# Locked with hashes, and before the wheel, so that a new version of ours rebuilds one layer.
COPY requirements/api.lock ./
RUN pip install --require-hashes --only-binary=:all: --requirement api.lock
COPY --from=dist book_sales_analytics-*.whl ./
RUN pip install --no-deps --no-index book_sales_analytics-*.whl && rm book_sales_analytics-*.whl api.lock

# Authorities of the databases' certificates: dist/rds-ca.pem, the bundle that `booksales aws package` takes.
COPY --from=dist rds-ca.pem /etc/ssl/rds-ca.pem

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin booksales \
    && install --directory --owner=10001 --mode=0700 /state \
    && chmod 1777 /tmp
# On Fargate an empty volume has the owner and mode that the image's has, and root's alone where the image has none.
USER 10001:10001
VOLUME ["/state", "/tmp"]

# On loopback: the proxy of the same task is what others reach (decision 29).
ENTRYPOINT ["python", "-m", "api", "--home", "/state/booksales", "--log-format", "json"]
