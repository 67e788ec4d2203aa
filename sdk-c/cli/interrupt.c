/* SPDX-License-Identifier: Apache-2.0
 *
 * The only state a signal handler of ours touches; the program has one thread.
 */
#include "interrupt.h"

#include "complain.h"

#include <signal.h>
#include <stddef.h>

static errand_canceler *waiting[INTERRUPTS];
static volatile sig_atomic_t presses;

static void set_handler(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static void on_signal(int number)
{
    int press = presses++;

    (void)number;
    errand_canceler_cancel(waiting[press]);
    if (press + 1 == INTERRUPTS)
        set_handler(SIG_DFL);
}

int interrupt_start(errand_canceler *ret_cancelers[INTERRUPTS])
{
    errand_error error;

    for (size_t i = 0; i < INTERRUPTS; i++)
        ret_cancelers[i] = NULL;
    for (size_t i = 0; i < INTERRUPTS; i++) {
        if (errand_canceler_new(&ret_cancelers[i], &error) < 0)
            return complain("%s", error.message);
        waiting[i] = ret_cancelers[i];
    }
    presses = 0;
    set_handler(on_signal);
    return 0;
}

void interrupt_stop(errand_canceler *cancelers[INTERRUPTS])
{
    set_handler(SIG_DFL);
    for (size_t i = 0; i < INTERRUPTS; i++)
        errand_canceler_free(cancelers[i]);
}
