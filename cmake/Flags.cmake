# SPDX-License-Identifier: Apache-2.0
#
# errand_flags: warnings, feature macros, hardening and sanitizers. Every target of ours links it
# PRIVATE; nothing else sets a flag. errand_plain_flags is the same without instrumentation, for the
# one program that runs inside strangers' file systems.

add_library(errand_plain_flags INTERFACE)
add_library(errand_flags INTERFACE)
target_link_libraries(errand_flags INTERFACE errand_plain_flags)

target_compile_definitions(errand_plain_flags INTERFACE
    _GNU_SOURCE
    ERRAND_VERSION_TEXT="${PROJECT_VERSION}")

target_compile_options(errand_plain_flags INTERFACE
    -Wall -Wextra -Wpedantic
    -Wconversion -Wsign-conversion -Wshadow -Wvla -Wundef
    -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition
    -Wformat=2 -Wimplicit-fallthrough -Wpointer-arith -Wcast-qual -Wwrite-strings
    -fno-strict-aliasing -fno-common
    $<$<BOOL:${ERRAND_WERROR}>:-Werror>)

set(hardened $<CONFIG:Release,RelWithDebInfo>)
target_compile_options(errand_plain_flags INTERFACE
    $<${hardened}:-fstack-protector-strong>
    $<${hardened}:-fstack-clash-protection>
    $<${hardened}:-fcf-protection>)
target_compile_definitions(errand_plain_flags INTERFACE $<${hardened}:_FORTIFY_SOURCE=2>)
target_link_options(errand_plain_flags INTERFACE
    $<${hardened}:LINKER:-z,relro,-z,now,-z,noexecstack>)

# assert() guards against bugs of our own and stays on in every configuration.
foreach(config RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${config} "${CMAKE_C_FLAGS_${config}}")
endforeach()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

if(ERRAND_SANITIZE)
    target_compile_options(errand_flags INTERFACE
        -fsanitize=${ERRAND_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
        # what no sanitizer of gcc sees: a variable that is read, or freed, before it has a value
        -ftrivial-auto-var-init=pattern)
    target_link_options(errand_flags INTERFACE -fsanitize=${ERRAND_SANITIZE})
endif()

# Fuzzers are told by it what an input has reached.
if(ERRAND_BUILD_FUZZERS)
    target_compile_options(errand_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(errand_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(ERRAND_COVERAGE)
    set(coverage --coverage)
    if(CMAKE_C_COMPILER_ID STREQUAL Clang)
        set(coverage -fprofile-instr-generate -fcoverage-mapping)
    endif()
    target_compile_options(errand_flags INTERFACE ${coverage})
    target_link_options(errand_flags INTERFACE ${coverage})
endif()
