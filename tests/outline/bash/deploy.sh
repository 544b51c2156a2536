#!/usr/bin/env bash
set -euo pipefail

readonly APP=web
declare -A HOSTS=([a]=1)
export PATH="/opt/bin:$PATH"
retries=3

# Prints and exits.
die() {
  echo "$*" >&2
  exit 1
}

function build_image {
  local tag="$1"
  docker build -t "$APP:$tag" . || die "build failed"
}

deploy::rollout() (
  cd deploy
  for host in "${!HOSTS[@]}"; do
    ssh "$host" "systemctl restart $APP"
  done
)

case "${1:-}" in
  build) build_image "${2:-latest}" ;;
  *) die "usage" ;;
esac
