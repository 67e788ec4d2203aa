# SPDX-License-Identifier: Apache-2.0
#
# The headers' plain comments as doxygen wants them, without a mark of doxygen's in the headers: what is
# above a declaration describes it, so does what is behind a field; "In:", "Out:" and the like stay laid
# out as they are.

FNR == 1 {
    inside = 1
    print "/** @file"
    next
}

# a comment behind a field or an enumerator
!inside && /[;,0-9A-Z] +\/\* / {
    sub(/\/\* /, "/**< ")
    if ($0 !~ /\*\//)
        inside = 1
    print
    next
}

!inside && /^ *\/\* / {
    sub(/\/\* /, "/** ")
    if ($0 !~ /\*\//)
        inside = 1
    print
    next
}

inside && !verbatim && /^ \* (In|Out|Returns|Errors|Thread|Source): / {
    print " * @verbatim"
    verbatim = 1
}

inside && verbatim && /^ \*\/$/ {
    print "@endverbatim"
    verbatim = 0
}

inside && verbatim && /\*\/$/ {
    sub(/ *\*\/$/, "")
    sub(/^ \* /, "")
    print
    print "@endverbatim"
    print " */"
    verbatim = 0
    inside = 0
    next
}

{
    if (inside && /\*\//)
        inside = 0
    if (verbatim)
        sub(/^ \* /, "")
    print
}
