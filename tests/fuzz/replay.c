/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs one fuzzer over each file of a directory, and over mutations of it that are the same every
 * time: cut short, bits turned, pieces repeated, numbers replaced. No coverage steers it; that is
 * libFuzzer's part.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 300
#define INPUT_MAX_BYTES ((size_t)1 << 20)

/* splitmix64 */
static uint64_t next_number(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
    return n == 0 ? 0 : (size_t)(next_number(state) % n);
}

/* One change of `*n` bytes at `bytes`, which has room for as many again. */
static void mutate(uint64_t *state, uint8_t *bytes, size_t *n)
{
    static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '\r', '"', '{', '9', ' ', ':'};
    size_t at = below(state, *n);
    size_t some = 1 + below(state, *n - at < 64 ? *n - at : 64);
    switch (below(state, 5)) {
    case 0:
        bytes[at] ^= (uint8_t)(1U << below(state, 8));
        break;
    case 1:
        bytes[at] = odd[below(state, sizeof(odd))];
        break;
    case 2:
        *n = at;
        break;
    case 3:
        memmove(bytes + at, bytes + at + some, *n - at - some);
        *n -= some;
        break;
    default:
        memmove(bytes + at + some, bytes + at, *n - at);
        *n += some;
        break;
    }
}

/* On memory of its own size, so that a read past the end is seen. */
static void run_once(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    FUZZ_ASSERT(copy != NULL);
    memcpy(copy, bytes, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void run_mutations(const struct buf *seed, uint64_t rounds)
{
    uint64_t state = seed->len;
    uint8_t *bytes = malloc(seed->len * 2 + 512);
    FUZZ_ASSERT(bytes != NULL);
    for (uint64_t i = 0; i < rounds; i++) {
        size_t n = seed->len;
        memcpy(bytes, seed->data, n);
        for (size_t left = 1 + below(&state, 4); left > 0 && n > 0 && n <= seed->len + 256; left--)
            mutate(&state, bytes, &n);
        run_once(bytes, n);
    }
    free(bytes);
}

/* `usual` is what the command line says, or NULL. */
static uint64_t rounds_wanted(const char *usual)
{
    const char *text = getenv("ERRAND_FUZZ_ROUNDS");
    text = text != NULL ? text : usual;
    return text != NULL ? strtoull(text, NULL, 10) : ROUNDS;
}

/* What fuzz_merge.sh has added is itself a mutation. */
static bool is_learnt(const char *path)
{
    return strstr(path, "/learnt_") != NULL;
}

static int replay(const char *path, uint64_t rounds)
{
    struct err e;
    CLEANUP(buf_done) struct buf seed;
    buf_init(&seed, INPUT_MAX_BYTES);
    if (file_read(path, &seed, &e) < 0) {
        (void)fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    /* said first: a crash tells no more */
    (void)fprintf(stderr, "%s\n", path);
    run_once((const uint8_t *)buf_text(&seed), seed.len);
    if (seed.len > 0 && !is_learnt(path))
        run_mutations(&seed, rounds);
    return 0;
}

int main(int argc, char **argv)
{
    int files = 0;
    int failed = 0;
    DIR *dir = argc == 2 || argc == 3 ? opendir(argv[1]) : NULL;
    uint64_t rounds = rounds_wanted(argc == 3 ? argv[2] : NULL);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[4096];
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name) >= (int)sizeof(path))
            continue;
        failed += replay(path, rounds);
        files++;
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (files == 0)
        (void)fprintf(stderr, "usage: replay DIR [ROUNDS], with files in it\n");
    return files == 0 || failed > 0;
}
