# Jobs on EMR Serverless: Amazon's image for Spark, with the wheel and what it needs. The tag is that of the application's release.
# Built from the repository's root, after `make wheel`, signed in to the registry of Amazon's images:
#   docker build --file containers/jobs.Dockerfile --build-context dist=dist --tag booksales-jobs .
ARG EMR_IMAGE=public.ecr.aws/emr-serverless/spark/emr-spark-8.1.0:latest
# hadolint ignore=DL3006
FROM ${EMR_IMAGE}

USER root
WORKDIR /usr/share/booksales

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# Spark and Delta are the image's own; neither is in the lock file.
COPY requirements/jobs.lock ./
RUN python3.13 -m pip install --require-hashes --only-binary=:all: --requirement jobs.lock
COPY --from=dist book_sales_analytics-*.whl ./
RUN python3.13 -m pip install --no-deps --no-index book_sales_analytics-*.whl && rm book_sales_analytics-*.whl jobs.lock

ENV PYSPARK_PYTHON=python3.13 \
    PYSPARK_DRIVER_PYTHON=python3.13

# EMR Serverless starts the image as this user, and refuses another.
USER hadoop:hadoop
