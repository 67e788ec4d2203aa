#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The lint scripts see the faults they are for.

setup() {
    bats_require_minimum_version 1.5.0
    TREE=$(mktemp -d)
    mkdir -p "$TREE"/{api,scheduler,hypervisor-agent/shim,common/{base,model,wire,store},sdk-c/src}
    cp "$BATS_TEST_DIRNAME/../../.clang-format" "$TREE/"
}

teardown() {
    rm -rf "$TREE"
}

# plant FILE TEXT: a file of the tree, with its licence line.
plant() {
    printf '/* SPDX-License-Identifier: Apache-2.0 */\n%s\n' "$2" >"$TREE/$1"
}

layers() {
    "$BATS_TEST_DIRNAME/layers.sh" "$TREE"
}

# refuses FAULT: one fault is seen, and it is this one.
refuses() {
    run layers
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output == *"$1"* ]]
}

@test "a tree without fault passes" {
    plant common/store/runs.c '#include <libpq-fe.h>
static const char sql[] = "SELECT id FROM runs"; int f(void) { PQclear(0); return g(sql); }'
    plant api/main.c '#include "store/runs.h"
#include <h2o.h>
/* system(3) is banned */
static const char url[] = "http://host/system(1)"; static char quote = 0x22;'
    plant hypervisor-agent/shim/main.c '#include "base/err.h"'
    run layers
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "an include of a layer above is refused" {
    plant common/base/err.c '#include "model/run.h"'
    refuses 'common/base may not use model'
}

@test "the agent may not see the store" {
    plant hypervisor-agent/main.c '#include "store/run_store.h"'
    refuses 'hypervisor-agent may not use store'
}

@test "the scheduler may not see the keys" {
    plant scheduler/main.c '#include "auth/key_ring.h"'
    refuses 'scheduler may not use auth'
}

@test "the SDK may not see common/" {
    plant sdk-c/src/client.c '#include "base/buf.h"'
    refuses 'sdk-c may not use base'
}

@test "a shim may not include curl, though the agent may" {
    plant hypervisor-agent/registry.c '#include <curl/curl.h>'
    plant hypervisor-agent/shim/main.c '#include <curl/curl.h>'
    refuses 'hypervisor-agent/shim may not use curl'
}

@test "a library that is only linked is refused too" {
    printf '# SPDX-License-Identifier: Apache-2.0\ntarget_link_libraries(x PRIVATE PostgreSQL::PostgreSQL)\n' \
        >"$TREE/hypervisor-agent/CMakeLists.txt"
    refuses 'hypervisor-agent may not link libpq'
}

@test "a library of common/ that is only linked is refused too" {
    printf '# SPDX-License-Identifier: Apache-2.0\nerrand_library(errand_wire USES errand_store)\n' \
        >"$TREE/common/wire/CMakeLists.txt"
    refuses 'common/wire may not link store'
}

@test "SQL outside the store is refused" {
    plant api/runs.c 'static const char sql[] = "SELECT id FROM runs";'
    refuses 'SQL outside common/store'
}

@test "libpq outside the store is refused" {
    plant scheduler/main.c 'void f(void) { PQfinish(0); }'
    refuses 'libpq outside common/store'
}

@test "a banned call is refused" {
    for call in strcpy strcat sprintf strncpy strtok atoi strtol gets scanf sscanf localtime gmtime \
        system popen alloca; do
        plant api/main.c "int f(char *a) { return $call(a); }"
        refuses 'banned call'
    done
}

@test "a banned call with its escape passes, and so does a name that only ends like one" {
    plant api/main.c 'int f(char *a) { return strtol(a, 0, 10) /* lint: allow, no other way */; }
int g(char *a) { return my_system(a) + localtime_r(a) + x.system(a) + x->gets(a); }'
    run layers
    [ "$status" -eq 0 ]
}

@test "a comment with two slashes is refused" {
    plant api/main.c 'int f(void); // like this'
    refuses 'comment with two slashes'
}

@test "a file without its licence line is refused" {
    echo 'int f(void);' >"$TREE/api/main.c"
    refuses 'no SPDX-License-Identifier'
}

@test "clang-format: a file that is written otherwise is refused" {
    plant api/main.c 'int f(void);'
    "$BATS_TEST_DIRNAME/clang_format.sh" "$TREE"
    plant api/main.c 'int  f( void ) ;'
    run "$BATS_TEST_DIRNAME/clang_format.sh" "$TREE"
    [ "$status" -ne 0 ]
    [[ $output == *main.c* ]]
}

@test "link barriers: a program that links what it must not is refused" {
    bin=$TREE/bin
    mkdir "$bin"
    echo 'int main(void) { return 0; }' >"$TREE/main.c"
    for program in errand errand-agent errand-scheduler errand-shim; do
        cc -o "$bin/$program" "$TREE/main.c"
    done
    cc -static -o "$bin/errand-init" "$TREE/main.c"
    "$BATS_TEST_DIRNAME/link_barriers.sh" "$bin"

    cc -o "$bin/errand-agent" "$TREE/main.c" -Wl,--no-as-needed -lpq
    run "$BATS_TEST_DIRNAME/link_barriers.sh" "$bin"
    [ "$status" -eq 1 ]
    [ "$output" = 'errand-agent links libpq' ]
}

@test "link barriers: a missing program and a PID 1 that needs a loader are refused" {
    bin=$TREE/bin
    mkdir "$bin"
    echo 'int main(void) { return 0; }' >"$TREE/main.c"
    for program in errand errand-agent errand-scheduler errand-init; do
        cc -o "$bin/$program" "$TREE/main.c"
    done
    run "$BATS_TEST_DIRNAME/link_barriers.sh" "$bin"
    [ "$status" -eq 1 ]
    [[ $output == *"errand-shim is not in"* ]]
    [[ $output == *"errand-init is not static"* ]]
}
