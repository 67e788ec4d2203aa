#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each package has its files and no others, settings are conffiles, and the scripts that dpkg runs are
# shell: contents.sh BUILD_DIR
set -euo pipefail

readonly build=$1 deb=${ERRAND_SOURCE_DIR:?is the checkout}/deploy/deb
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

# Files of a component as a package would have them: the prefix is /usr, whatever this build's is.
files_of() {
    DESTDIR=$work/$1 cmake --install "$build" --component "$1" --prefix /usr >/dev/null
    find "$work/$1" ! -type d -printf '/%P\n' | sed 's,/lib/[a-z0-9_]*-linux-gnu/,/lib/,' | sort
}

declare -A package=([server]=errand-server [agent]=errand-agent [cli]=errand-cli [library]=liberrand0
    [sdk]=liberrand-dev)
for component in "${!package[@]}"; do
    name=${package[$component]}
    files_of "$component" >"$work/files"
    # the manual has a page a command, the library a header a noun
    sed -i 's,/errand-[a-z-]*\.1\.gz$,/errand-COMMAND.1.gz,; s,/include/errand/.*,/include/errand/HEADER.h,
        s,-targets-[a-z]*\.cmake$,-targets-BUILD.cmake,; s,\.so\.0\..*,.so.0.VERSION,' "$work/files"
    uniq "$work/files" | diff -u "$deb/$name/files" - >&2 || {
        echo "contents.sh: $name has other files than deploy/deb/$name/files" >&2
        exit 1
    }
    diff <(grep '^/etc/' "$work/files") <(cat "$deb/$name/conffiles" 2>/dev/null) >&2 || {
        echo "contents.sh: /etc of $name and its conffiles differ" >&2
        exit 1
    }
    for script in "$deb/$name"/{postinst,prerm,postrm}; do
        [[ ! -e $script ]] || sh -n "$script"
    done
done

# Nobody but their program may read what may hold a password.
stat --format='%a %n' "$work"/*/etc/errand/*.conf | sed "s,$work/[a-z]*,," | sort |
    diff - <(printf '%s\n' '600 /etc/errand/agent.conf' '640 /etc/errand/api.conf' '640 /etc/errand/scheduler.conf')
