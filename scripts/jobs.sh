#!/bin/sh
# How many compilers to run at once: one a core, and at least 2 GiB of free memory for each (Torch's headers are large).
cores=$(nproc)
fit=$(awk '/MemAvailable/ {print int($2 / 2097152)}' /proc/meminfo)
[ "$fit" -lt 1 ] && fit=1
[ "$fit" -lt "$cores" ] && echo "$fit" || echo "$cores"
