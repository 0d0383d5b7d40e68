# TLS before API and dashboard, which listen on loopback of the same task.
#   docker build --file containers/proxy.Dockerfile --tag booksales-proxy containers/proxy
FROM nginxinc/nginx-unprivileged:1.29-alpine

USER root
# hadolint ignore=DL3018
RUN apk add --no-cache openssl \
    && chmod 1777 /tmp
USER 10001:10001
# On Fargate an empty volume has the owner and mode that the image's has, and root's alone where the image has none.
VOLUME ["/tmp"]

COPY start.sh /usr/local/bin/start.sh
COPY nginx.conf.template /etc/nginx/booksales.conf.template

ENTRYPOINT ["sh", "/usr/local/bin/start.sh"]
