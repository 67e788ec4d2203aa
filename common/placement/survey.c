/* SPDX-License-Identifier: Apache-2.0 */
#include "placement/survey.h"

#include <inttypes.h>

#include "base/buf.h"

static const char *const answer_names[] = {
    [SURVEY_FITS] = "fits",           [SURVEY_LACKS_MEMORY] = "lacks_memory",
    [SURVEY_LACKS_CPU] = "lacks_cpu", [SURVEY_LACKS_LABELS] = "lacks_labels",
    [SURVEY_DRAINING] = "draining",   [SURVEY_CORDONED] = "cordoned",
    [SURVEY_LOST] = "lost",
};
_Static_assert(ARRAY_LEN(answer_names) == SURVEY_ANSWER_COUNT, "a name for each answer");

const char *survey_answer_name(enum survey_answer answer)
{
    return answer_names[answer];
}

enum survey_answer survey_ask(const struct hypervisor *h, const struct placement_request *request)
{
    if (h->status == HYPERVISOR_LOST)
        return SURVEY_LOST;
    if (h->status == HYPERVISOR_CORDONED)
        return SURVEY_CORDONED;
    if (h->status == HYPERVISOR_DRAINING)
        return SURVEY_DRAINING;
    if (!fleet_labels_match(h->pool->labels, request->labels == NULL ? "" : request->labels))
        return SURVEY_LACKS_LABELS;
    if (h->cpu_free_milli < request->cpu_milli)
        return SURVEY_LACKS_CPU;
    return h->memory_free_mb < request->memory_mb ? SURVEY_LACKS_MEMORY : SURVEY_FITS;
}

struct survey survey_take(const struct fleet *fleet, const struct placement_request *request)
{
    struct survey survey = {0};
    const struct hypervisor *h;
    for (size_t i = 0; (h = fleet_hypervisor_at(fleet, i)) != NULL; i++) {
        if (!id_equal(h->region->id, request->region))
            continue;
        enum survey_answer answer = survey_ask(h, request);
        survey.total++;
        survey.counts[answer]++;
        if (answer == SURVEY_LACKS_MEMORY && h->memory_free_mb > survey.most_memory_mb)
            survey.most_memory_mb = h->memory_free_mb;
        if (answer == SURVEY_LACKS_CPU && h->cpu_free_milli > survey.most_cpu_milli)
            survey.most_cpu_milli = h->cpu_free_milli;
    }
    return survey;
}

static void add_lacks(struct buf *b, const struct survey *survey,
                      const struct placement_request *request)
{
    const size_t *counts = survey->counts;
    if (counts[SURVEY_LACKS_MEMORY] > 0)
        buf_printf(b, "; %zu lack memory: need %" PRId64 " MB, largest free %" PRId64 " MB",
                   counts[SURVEY_LACKS_MEMORY], request->memory_mb, survey->most_memory_mb);
    if (counts[SURVEY_LACKS_CPU] > 0)
        buf_printf(b, "; %zu lack cores: need %g, most free %g", counts[SURVEY_LACKS_CPU],
                   (double)request->cpu_milli / 1000, (double)survey->most_cpu_milli / 1000);
    if (counts[SURVEY_LACKS_LABELS] > 0)
        buf_printf(b, "; %zu lack labels", counts[SURVEY_LACKS_LABELS]);
}

char *survey_text(const struct survey *survey, const struct placement_request *request, char *text)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, SURVEY_TEXT_BYTES - 1);
    buf_printf(&b, "fits on %zu of %zu", survey->counts[SURVEY_FITS], survey->total);
    add_lacks(&b, survey, request);
    for (int answer = SURVEY_DRAINING; answer < SURVEY_ANSWER_COUNT; answer++)
        if (survey->counts[answer] > 0)
            buf_printf(&b, "; %zu %s", survey->counts[answer], answer_names[answer]);
    (void)snprintf(text, SURVEY_TEXT_BYTES, "%s", buf_text(&b));
    return text;
}
