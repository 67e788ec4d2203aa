# SPDX-License-Identifier: Apache-2.0
#
# The shim's tests, once against each runtime.

foreach(runtime crun runc)
    find_program(ERRAND_TEST_${runtime} ${runtime} PATHS /usr/bin /usr/sbin)
    foreach(part process output stop limits)
        errand_test(NAME agent.shim_${part}_${runtime}
            SOURCES test_shim_${part}.c shim_fixture.c
            LIBRARIES errand_shim_parts errand_drivers errand_seccomp
            ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_${runtime}}"
            TIMEOUT 60)
        add_dependencies(test_agent_shim_${part}_${runtime} errand-shim errand-init)
    endforeach()
    errand_test(NAME agent.shim_network_${runtime}
        SOURCES test_shim_network.c outside.c shim_fixture.c
        LIBRARIES errand_agent errand_shim_parts errand_drivers errand_seccomp
        ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_${runtime}}"
        TIMEOUT 120)
    add_dependencies(test_agent_shim_network_${runtime} errand-shim errand-init)
endforeach()
