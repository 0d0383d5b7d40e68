#!/bin/sh
# A certificate of its own, anew at every start: the load balancer encrypts to it and asks no more of it. Then nginx.
set -eu

: "${SERVER_NAME:?the name under which people reach the dashboard}"
case "$SERVER_NAME" in
    *[!a-z0-9.-]*) echo "SERVER_NAME is no host name: $SERVER_NAME" >&2; exit 2 ;;
esac
WORK="${WORK:-/tmp}"
TEMPLATE="${TEMPLATE:-/etc/nginx/booksales.conf.template}"
PORT="${PORT:-8443}"
API_PORT="${API_PORT:-8600}"
DASHBOARD_PORT="${DASHBOARD_PORT:-8601}"

umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/CN=$SERVER_NAME" \
    -keyout "$WORK/proxy.key" -out "$WORK/proxy.crt" 2>/dev/null

sed -e "s|@SERVER_NAME@|$SERVER_NAME|g" -e "s|@WORK@|$WORK|g" -e "s|@PORT@|$PORT|g" \
    -e "s|@API_PORT@|$API_PORT|g" -e "s|@DASHBOARD_PORT@|$DASHBOARD_PORT|g" "$TEMPLATE" >"$WORK/nginx.conf"

exec nginx -e stderr -c "$WORK/nginx.conf" -g "daemon off;" "$@"
