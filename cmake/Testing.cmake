# SPDX-License-Identifier: Apache-2.0
#
# errand_test(NAME unit.buf SOURCES test_buf.c LIBRARIES errand_base [TIMEOUT 10] [ARGS ...]
#     [LAUNCHER command ...] [FIXTURE name])
# Builds one cmocka program and registers it; the part of NAME before the dot is its label. LAUNCHER
# runs the program with what it needs around it.

function(errand_test)
    cmake_parse_arguments(arg "" "NAME;TIMEOUT;FIXTURE" "SOURCES;LIBRARIES;ENVIRONMENT;ARGS;LAUNCHER" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 30)
    endif()
    string(REGEX REPLACE "\\..*" "" label "${arg_NAME}")
    string(REPLACE "." "_" program "test_${arg_NAME}")

    add_executable(${program} ${arg_SOURCES})
    target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${program} PRIVATE errand_flags ${arg_LIBRARIES} Cmocka::Cmocka)
    set_target_properties(${program} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")

    add_test(NAME ${arg_NAME} COMMAND ${arg_LAUNCHER} $<TARGET_FILE:${program}> ${arg_ARGS})
    errand_test_properties(${arg_NAME} ${label} ${arg_TIMEOUT} "${arg_FIXTURE}" "${arg_ENVIRONMENT}")
endfunction()

# errand_script_test(NAME e2e.runs COMMAND bats runs.bats [TIMEOUT 120]): anything that is no C program.
function(errand_script_test)
    cmake_parse_arguments(arg "" "NAME;TIMEOUT;FIXTURE;WORKING_DIRECTORY" "COMMAND;ENVIRONMENT" ${ARGN})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(NOT arg_WORKING_DIRECTORY)
        set(arg_WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    endif()
    string(REGEX REPLACE "\\..*" "" label "${arg_NAME}")
    add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND}
        WORKING_DIRECTORY "${arg_WORKING_DIRECTORY}")
    errand_test_properties(${arg_NAME} ${label} ${arg_TIMEOUT} "${arg_FIXTURE}" "${arg_ENVIRONMENT}")
endfunction()

function(errand_test_properties name label timeout fixture environment)
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout})
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
        "ERRAND_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
        "ERRAND_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
        "ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:strict_string_checks=1"
        "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0"
        "UBSAN_OPTIONS=print_stacktrace=1"
        ${environment})
    if(fixture)
        set_property(TEST ${name} APPEND PROPERTY FIXTURES_REQUIRED ${fixture})
    endif()
endfunction()
