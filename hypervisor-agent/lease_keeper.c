/* SPDX-License-Identifier: Apache-2.0
 *
 * A renewal that a shim does not get is followed by the next; one that is late cannot make a lease
 * longer than it is, because what is left is counted when it is sent.
 */
#include "lease_keeper.h"

#include <stdio.h>

#include "base/clock.h"
#include "shim/control.h"

/* What an agent that has not been answered yet allows: its predecessor may have been silent. */
#define UNKNOWN_CONTACT_MS 5000

void lease_keeper_init(struct lease_keeper *keeper, const struct run_table *runs)
{
    *keeper = (struct lease_keeper){.runs = runs};
}

uint32_t lease_keeper_left_ms(const struct lease_keeper *keeper, const struct run *run)
{
    uint32_t seconds = run->is_start_known ? run->run_lease_seconds : run->start_lease_seconds;
    if (seconds == 0)
        return LEASE_WITHOUT_END;
    int64_t lease_us = seconds * CLOCK_US_PER_S;
    if (keeper->contact_us == 0)
        return lease_us < UNKNOWN_CONTACT_MS * CLOCK_US_PER_MS ? seconds * 1000
                                                               : UNKNOWN_CONTACT_MS;
    int64_t left_us = keeper->contact_us + lease_us - clock_mono_us();
    int64_t left_ms = left_us / CLOCK_US_PER_MS;
    if (left_ms >= LEASE_WITHOUT_END)
        left_ms = LEASE_WITHOUT_END - 1;
    return left_ms > 0 ? (uint32_t)left_ms : 0;
}

void lease_keeper_renew(const struct lease_keeper *keeper, const struct run *run)
{
    char word[32];
    uint32_t left_ms = lease_keeper_left_ms(keeper, run);
    if (run->shim == NULL || !run_life_holds_memory(run->life) || left_ms == 0)
        return;
    (void)snprintf(word, sizeof(word), "lease %u", left_ms == LEASE_WITHOUT_END ? 0 : left_ms);
    IGNORE(control_send(run->dir, word, NULL));
}

void lease_keeper_contact(struct lease_keeper *keeper, int64_t sent_us)
{
    keeper->contact_us = sent_us;
    if (sent_us - keeper->told_us < CLOCK_US_PER_S)
        return;
    keeper->told_us = sent_us;
    for (const struct run *run = run_table_first(keeper->runs); run != NULL; run = run->next)
        if (run->start_lease_seconds > 0)
            lease_keeper_renew(keeper, run);
}
