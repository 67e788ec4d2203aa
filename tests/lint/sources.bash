# SPDX-License-Identifier: Apache-2.0
#
# sources ROOT PATTERN…: the project's own files, relative to ROOT; what git tracks, or all where
# there is no git.
sources() {
    local root=$1 file
    shift
    if [[ -e $root/.git ]]; then
        git -c safe.directory='*' -C "$root" ls-files -- "$@" |
            while IFS= read -r file; do
                [[ ! -e $root/$file ]] || echo "$file"
            done
        return
    fi
    local tests=() pattern
    for pattern in "$@"; do
        tests+=(-o -name "$pattern")
    done
    find "$root" \( "${tests[@]:1}" \) -type f -not -path '*/node_modules/*' -printf '%P\n' | sort
}
