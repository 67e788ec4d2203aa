# SPDX-License-Identifier: Apache-2.0
#
# The drivers' contract, once against each driver and each runtime or engine it knows.

add_executable(test_agent_driver_contract
    contract/test_driver_contract.c contract/contract_command.c contract/contract_limits.c
    contract/contract_output.c contract/contract_stop.c shim_fixture.c)
target_include_directories(test_agent_driver_contract PRIVATE "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(test_agent_driver_contract PRIVATE
    errand_flags errand_shim_parts errand_drivers errand_seccomp Cmocka::Cmocka)
set_target_properties(test_agent_driver_contract PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
add_dependencies(test_agent_driver_contract errand-shim errand-init)

# errand_contract_test(NAME oci_crun DRIVER oci [LAUNCHER ...] [ENVIRONMENT ...])
function(errand_contract_test)
    cmake_parse_arguments(arg "" "NAME;DRIVER" "LAUNCHER;ENVIRONMENT" ${ARGN})
    add_test(NAME agent.contract_${arg_NAME}
        COMMAND ${arg_LAUNCHER} $<TARGET_FILE:test_agent_driver_contract>)
    errand_test_properties(agent.contract_${arg_NAME} agent 120 ""
        "ERRAND_TEST_DRIVER=${arg_DRIVER};${arg_ENVIRONMENT}")
endfunction()

foreach(runtime crun runc)
    errand_contract_test(NAME oci_${runtime} DRIVER oci
        ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_${runtime}}")
endforeach()
foreach(engine docker podman)
    errand_contract_test(NAME ${engine} DRIVER docker
        LAUNCHER "${PROJECT_SOURCE_DIR}/tests/support/with_engine.sh" ${engine})
endforeach()
errand_contract_test(NAME process DRIVER process)

errand_test(NAME agent.shim_engine
    SOURCES test_shim_engine.c fake_engine.c shim_fixture.c
    LIBRARIES errand_shim_parts errand_drivers errand_seccomp Threads::Threads
    ENVIRONMENT "ERRAND_TEST_RUNTIME=${ERRAND_TEST_crun}"
    TIMEOUT 60)
add_dependencies(test_agent_shim_engine errand-shim errand-init)
