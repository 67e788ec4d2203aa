# SPDX-License-Identifier: Apache-2.0
#
# The shim's tests, once against each runtime.

# Static, for it runs in the tests' image.
add_executable(errand-prober prober/files.c prober/kernel.c prober/main.c prober/processes.c)
target_link_libraries(errand-prober PRIVATE errand_plain_flags)
target_link_options(errand-prober PRIVATE -static)
set_target_properties(errand-prober PROPERTIES
    POSITION_INDEPENDENT_CODE OFF
    INTERPROCEDURAL_OPTIMIZATION OFF)

foreach(runtime crun runc)
    find_program(ERRAND_TEST_${runtime} ${runtime} PATHS /usr/bin /usr/sbin)
    foreach(part process output room stop limits sandbox breakout box)
        errand_test(NAME agent.shim_${part}_${runtime}
            SOURCES test_shim_${part}.c shim_fixture.c
            LIBRARIES errand_shim_parts errand_drivers errand_seccomp
            ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_${runtime}}"
                        "ERRAND_TEST_PROBER=$<TARGET_FILE:errand-prober>"
            TIMEOUT 60)
        add_dependencies(test_agent_shim_${part}_${runtime} errand-shim errand-init errand-prober)
    endforeach()
    errand_test(NAME agent.shim_network_${runtime}
        SOURCES test_shim_network.c outside.c shim_fixture.c
        LIBRARIES errand_agent errand_shim_parts errand_drivers errand_seccomp
        ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_${runtime}}"
        TIMEOUT 120)
    add_dependencies(test_agent_shim_network_${runtime} errand-shim errand-init)
endforeach()

# On a machine with the hybrid layout, more: v1 alone, and a v2 tree, which has no controllers there
# but all that ends a group (crun wants CAP_SYS_RESOURCE on v2). tests/vm/cgroup_v2.sh has v2 with
# controllers.
if(EXISTS /sys/fs/cgroup/unified)
    foreach(run limits_crun_v1 stop_crun_v1 process_runc_v2 stop_runc_v2)
        string(REGEX MATCH "^[a-z]+_([a-z]+)" test ${run})
        set(runtime ${CMAKE_MATCH_1})
        string(REGEX MATCH "[a-z0-9]+$" layout ${run})
        errand_script_test(NAME agent.shim_${run}
            COMMAND $<TARGET_FILE:test_agent_shim_${test}>
            ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_${runtime}}" "ERRAND_TEST_CGROUPS=${layout}"
                        "ERRAND_BIN_DIR=$<TARGET_FILE_DIR:errand-shim>"
            TIMEOUT 60)
    endforeach()
endif()
