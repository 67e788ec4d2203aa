# SPDX-License-Identifier: Apache-2.0
#
# Every dependency as an imported target. docs/dependencies.md says what each is for.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(errand_pkg_dependency target module)
    string(MAKE_C_IDENTIFIER "dep_${module}" prefix)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${module})
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE PkgConfig::${prefix})
endfunction()

errand_pkg_dependency(Jansson::Jansson jansson)

# A program with the property ERRAND_STATIC is linked with -static and takes the archive instead.
find_library(ERRAND_JANSSON_ARCHIVE libjansson.a REQUIRED)
mark_as_advanced(ERRAND_JANSSON_ARCHIVE)
set_target_properties(Jansson::Jansson PROPERTIES INTERFACE_LINK_LIBRARIES
    "$<IF:$<BOOL:$<TARGET_PROPERTY:ERRAND_STATIC>>,${ERRAND_JANSSON_ARCHIVE},PkgConfig::dep_jansson>")

if(ERRAND_BUILD_API OR ERRAND_BUILD_AGENT)
    errand_pkg_dependency(Sodium::Sodium libsodium)
endif()

if(ERRAND_BUILD_API OR ERRAND_BUILD_SCHEDULER OR ERRAND_BUILD_AGENT)
    errand_pkg_dependency(Zstd::Zstd libzstd)
endif()

if(ERRAND_BUILD_API OR ERRAND_BUILD_SCHEDULER)
    errand_pkg_dependency(PostgreSQL::PostgreSQL libpq)
endif()

if(ERRAND_BUILD_API)
    # Debian's pkg-config file neither names OpenSSL nor says which event loop was compiled in.
    errand_pkg_dependency(OpenSSL::OpenSSL openssl)
    errand_pkg_dependency(H2O::evloop libh2o-evloop)
    target_compile_definitions(H2O::evloop INTERFACE H2O_USE_LIBUV=0)
    target_link_libraries(H2O::evloop INTERFACE OpenSSL::OpenSSL)
    errand_pkg_dependency(Zlib::Zlib zlib)
endif()

if(ERRAND_BUILD_AGENT OR ERRAND_BUILD_SDK)
    errand_pkg_dependency(CURL::libcurl libcurl)
endif()

if(ERRAND_BUILD_SDK)
    errand_pkg_dependency(Yaml::Yaml yaml-0.1)
endif()

if(ERRAND_BUILD_AGENT)
    errand_pkg_dependency(LibUV::LibUV libuv)
    errand_pkg_dependency(LibArchive::LibArchive libarchive)
    errand_pkg_dependency(Seccomp::Seccomp libseccomp)
endif()

if(ERRAND_BUILD_TESTS)
    errand_pkg_dependency(Cmocka::Cmocka cmocka)
endif()
