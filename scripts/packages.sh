#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Pack what scripts/build.sh package has built: Debian packages in build/package/packages.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly build=build/package log=build/package/cpack.log
rm -f $build/packages/*.deb
(cd $build && cpack -G DEB) >$log 2>&1 || {
    cat $log >&2
    exit 1
}
rm -rf $build/packages/_CPack_Packages
lintian --fail-on error --suppress-tags initial-upload-closes-no-bugs --allow-root $build/packages/*.deb >$build/lintian.log 2>&1 || {
    cat $build/lintian.log >&2
    exit 1
}
find $build/packages -name '*.deb' | sort
