#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Run a program that was built with ThreadSanitizer. It wants the addresses of its memory where they
# were on older kernels, which is had without randomisation, where that may be asked for.
#   threads.sh PROGRAM
set -euo pipefail

export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
if setarch --addr-no-randomize true 2>/dev/null; then
    exec setarch --addr-no-randomize "$1"
fi
exec "$1"
