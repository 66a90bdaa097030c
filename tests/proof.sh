#!/usr/bin/env bash
# The operator's proofs on a running service; `make proof` calls it.
set -euo pipefail
lectern=$(dirname "$0")/../target/debug/lectern
"$lectern" audit
"$lectern" drift
"$lectern" smoke "$1"
