# SPDX-License-Identifier: Apache-2.0
#
# Debian packages by CPack, one a component: cpack -G DEB in a build with the prefix /usr.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME errand)
set(CPACK_PACKAGE_CONTACT "Errand maintainers <maintainers@errand.invalid>")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_SET_DESTDIR ON) # /etc and /lib stay where they are
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL server agent cli library sdk)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# CPack begins each line with the blank that the format wants.
set(errand_about "Errand queues runs of containers in PostgreSQL, places them on hypervisors
with enough free memory, and keeps every line of their logs and their exit
codes.")

# errand_package(<component> <name> <section> <summary> <text> [<control file>...])
function(errand_package component name section summary text)
    string(TOUPPER "${component}" key)
    set(CPACK_DEBIAN_${key}_PACKAGE_NAME "${name}" PARENT_SCOPE)
    set(CPACK_DEBIAN_${key}_PACKAGE_SECTION "${section}" PARENT_SCOPE)
    set(CPACK_DEBIAN_${key}_DESCRIPTION "${summary}\n${errand_about}\n\n${text}" PARENT_SCOPE)
    list(TRANSFORM ARGN PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/deb/${name}/")
    set(CPACK_DEBIAN_${key}_PACKAGE_CONTROL_EXTRA "${ARGN}" PARENT_SCOPE)

    install(FILES deb/copyright DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component})
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian.gz"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component})
endfunction()

errand_package(server errand-server admin "runs containers on demand: API and scheduler"
    "This package has the HTTP API and the scheduler, for the machines of the\ncontrol plane."
    postinst prerm postrm conffiles)
errand_package(agent errand-agent admin "runs containers on demand: hypervisor"
    "This package has the agent that runs containers, for every machine that\ndoes so."
    postinst prerm postrm conffiles)
errand_package(cli errand-cli admin "runs containers on demand: command line"
    "This package has the errand command, for those who trigger runs and read\ntheir logs.")
errand_package(library liberrand0 libs "runs containers on demand: client library"
    "This package has the shared library." shlibs triggers)
errand_package(sdk liberrand-dev libdevel "runs containers on demand: client library, to build with"
    "This package has headers, the static library and what CMake and pkg-config\nask for.")

# systemd-sysusers makes the users.
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers, init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "ca-certificates, errand-cli")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "postgresql (>= 15)")
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "crun | runc | docker.io | podman, init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS "ca-certificates, nftables")
set(CPACK_DEBIAN_CLI_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_CLI_PACKAGE_SUGGESTS "errand-server, errand-agent, postgresql (>= 15)") # errand up
set(CPACK_DEBIAN_SDK_PACKAGE_DEPENDS
    "liberrand0 (= ${PROJECT_VERSION}-1), libcurl4-openssl-dev | libcurl-dev, libjansson-dev")

file(READ deb/changelog changelog)
string(CONFIGURE "${changelog}" changelog @ONLY)
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian" CONTENT "${changelog}")
execute_process(COMMAND gzip --best --no-name --stdout "${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian"
    OUTPUT_FILE "${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian.gz" COMMAND_ERROR_IS_FATAL ANY)

include(CPack)
