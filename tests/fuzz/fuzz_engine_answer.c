/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine says in JSON and in words.
 */
#include "fuzz/fuzz.h"

#include "base/utf8.h"
#include "drivers/docker_failure.h"
#include "engine/engine_answer.h"
#include "engine/pull_progress.h"
#include "images/image_engine.h"

#include <string.h>

static void try_words(const char *text, size_t n)
{
    char words[128];
    int32_t exit_code = 0;
    engine_answer_message(text, n, words, sizeof(words));
    FUZZ_ASSERT(strlen(words) < sizeof(words) && utf8_is_valid(words, strlen(words)));
    (void)docker_failure_of_start(words, &exit_code);
    if (docker_failure_of_init(text, n, words, sizeof(words), &exit_code))
        FUZZ_ASSERT(utf8_is_valid(words, strlen(words)) && (exit_code == 126 || exit_code == 127));
}

static void try_image(const char *text, size_t n)
{
    struct image_reference ref = {0};
    CLEANUP(image_freep) struct image *image = NULL;
    FUZZ_ASSERT(image_reference_parse("registry:5000/a/tool:1", NULL, &ref, NULL) == 0);
    if (image_engine_parse(text, n, &ref, &image, NULL) == 0)
        FUZZ_ASSERT(digest_is_valid(image->digest, strlen(image->digest)));
    image_reference_done(&ref);
}

/* In two pieces, and in one: the sums are the same. */
static void try_pull(const char *text, size_t n)
{
    static struct pull_progress whole;
    static struct pull_progress cut;
    int64_t sums[4];
    pull_progress_init(&whole);
    pull_progress_init(&cut);
    size_t half = n / 2;
    int one = pull_progress_take(&whole, text, n, NULL);
    int two = pull_progress_take(&cut, text, half, NULL);
    if (two == 0)
        two = pull_progress_take(&cut, text + half, n - half, NULL);
    pull_progress_sum(&whole, &sums[0], &sums[1]);
    pull_progress_sum(&cut, &sums[2], &sums[3]);
    FUZZ_ASSERT(one == two);
    FUZZ_ASSERT(one < 0 || (sums[0] == sums[2] && sums[1] == sums[3]));
    FUZZ_ASSERT(sums[0] >= 0 && sums[1] >= 0 && whole.failure.code == cut.failure.code);
    pull_progress_done(&whole);
    pull_progress_done(&cut);
}

static void try_state(const char *text, size_t n)
{
    struct engine_call call;
    struct engine_container_state state;
    char id[ENGINE_ID_BYTES];
    engine_call_init(&call);
    call.response.status = 200;
    buf_add(&call.body, text, n);
    IGNORE(engine_answer_state(&call, &state, NULL));
    if (engine_answer_id(&call, id, NULL) == 0)
        FUZZ_ASSERT(strspn(id, "0123456789abcdef") == strlen(id));
    engine_call_done(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *text = (const char *)data;
    try_words(text, n);
    try_image(text, n);
    try_pull(text, n);
    try_state(text, n);
    return 0;
}
