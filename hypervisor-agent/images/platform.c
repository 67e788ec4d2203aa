/* SPDX-License-Identifier: Apache-2.0 */
#include "images/platform.h"

#include <stdbool.h>
#include <string.h>

#define NAME_MAX_BYTES 32
#define RANK_UNNAMED 0
#define RANK_NAMED 1 /* and the level of the variant above it */

#if defined(__x86_64__)
static const char *host_variant(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("ssse3") ||
        !__builtin_cpu_supports("popcnt"))
        return "v1";
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("fma"))
        return "v2";
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vl"))
        return "v3";
    return "v4";
}
static const char host_architecture[] = "amd64";
#elif defined(__aarch64__)
static const char *host_variant(void)
{
    return "v8";
}
static const char host_architecture[] = "arm64";
#else
#error "unknown architecture: add what image indexes call it"
#endif

const struct platform *platform_host(void)
{
    static struct platform host;
    if (host.os == NULL)
        host = (struct platform){"linux", host_architecture, host_variant()};
    return &host;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* What an architecture means when it names no variant. */
static int least_level(const char *architecture)
{
    if (strcmp(architecture, "arm64") == 0)
        return 8;
    return strcmp(architecture, "arm") == 0 ? 7 : 1;
}

/* "v8" is 8; less than 0 for what is no level. */
static int level_of(const char *architecture, const char *variant)
{
    if (!is_given(variant))
        return least_level(architecture);
    if (variant[0] != 'v' || variant[1] < '1' || variant[1] > '9' || variant[2] != '\0')
        return -1;
    return variant[1] - '0';
}

int platform_rank(const struct platform *image, const struct platform *machine)
{
    if (!is_given(image->os) && !is_given(image->architecture))
        return RANK_UNNAMED;
    if (!is_given(image->os) || !is_given(image->architecture) ||
        strcmp(image->os, machine->os) != 0 ||
        strcmp(image->architecture, machine->architecture) != 0)
        return -1;
    int needed = level_of(image->architecture, image->variant);
    int level = level_of(machine->architecture, machine->variant);
    return needed < 0 || needed > level ? -1 : RANK_NAMED + needed;
}

/* The names are a stranger's and end up in messages. */
static void put_name(struct buf *b, const char *name)
{
    for (size_t i = 0; name[i] != '\0' && i < NAME_MAX_BYTES; i++)
        buf_add_char(b, name[i] > ' ' && name[i] <= '~' ? name[i] : '?');
}

void platform_put(struct buf *b, const struct platform *platform)
{
    put_name(b, is_given(platform->os) ? platform->os : "unknown");
    buf_add_char(b, '/');
    put_name(b, is_given(platform->architecture) ? platform->architecture : "unknown");
    if (!is_given(platform->variant))
        return;
    buf_add_char(b, '/');
    put_name(b, platform->variant);
}
