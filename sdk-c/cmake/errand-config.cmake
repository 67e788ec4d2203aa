# SPDX-License-Identifier: Apache-2.0
#
# find_package(errand) gives errand::liberrand and errand::liberrand_static.

include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)
foreach(pair "CURL::libcurl=libcurl" "Jansson::Jansson=jansson")
    string(REPLACE "=" ";" pair "${pair}")
    list(GET pair 0 errand_target)
    list(GET pair 1 errand_module)
    if(NOT TARGET ${errand_target})
        pkg_check_modules(ERRAND_${errand_module} REQUIRED IMPORTED_TARGET ${errand_module})
        add_library(${errand_target} INTERFACE IMPORTED)
        target_link_libraries(${errand_target} INTERFACE PkgConfig::ERRAND_${errand_module})
    endif()
endforeach()
include(${CMAKE_CURRENT_LIST_DIR}/errand-targets.cmake)
