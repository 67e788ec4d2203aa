# SPDX-License-Identifier: Apache-2.0
#
# errand_embed(<target> <symbol> <file>): link a file's bytes into <target> as
#   extern const unsigned char <symbol>[];  extern const unsigned char <symbol>_end[];
# A NUL follows the last byte, so a text file is also a C string.

enable_language(ASM)

function(errand_embed target symbol file)
    get_filename_component(path "${file}" ABSOLUTE)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S")
    file(CONFIGURE OUTPUT "${source}" CONTENT [[
.section .rodata
.global @symbol@
.global @symbol@_end
.balign 16
@symbol@:
.incbin "@path@"
@symbol@_end:
.byte 0
.section .note.GNU-stack,"",%progbits
]] @ONLY)
    set_property(SOURCE "${source}" PROPERTY OBJECT_DEPENDS "${path}")
    target_sources(${target} PRIVATE "${source}")
endfunction()
