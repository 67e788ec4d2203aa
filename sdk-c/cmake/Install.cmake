# SPDX-License-Identifier: Apache-2.0
#
# What a C programmer gets: headers, both libraries, errand.pc and the CMake package "errand".

include(CMakePackageConfigHelpers)

install(FILES ${errand_sdk_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/errand COMPONENT sdk)
install(TARGETS errand_sdk errand_sdk_static EXPORT errand-targets
    ARCHIVE COMPONENT sdk
    LIBRARY COMPONENT library NAMELINK_COMPONENT sdk)

# The prefix as seen from the file itself: it may be chosen, or changed, at installation.
file(RELATIVE_PATH errand_prefix_from_pc
    "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/errand.pc.in errand.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/errand.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)

set(errand_package ${CMAKE_INSTALL_LIBDIR}/cmake/errand)
write_basic_package_version_file(errand-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/errand-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/errand-config-version.cmake
    DESTINATION ${errand_package} COMPONENT sdk)
install(EXPORT errand-targets NAMESPACE errand:: DESTINATION ${errand_package} COMPONENT sdk)
