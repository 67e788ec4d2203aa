/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into a program, its wall clock is off by the seconds that a file holds at that moment:
 * CHAOS_CLOCK names it, and it says "+0000003600" or "-0000003600". Whoever writes over that steps
 * the clock of all who look at the file, and of nobody else. Other clocks are the kernel's.
 *
 * Asks the kernel itself, for the sanitizers' own functions of these names may come later.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define OFFSET_CHARS 11

static const volatile char *offset_text; /* OFFSET_CHARS of it; NULL: the right time */

__attribute__((constructor)) static void find_file(void)
{
    const char *path = getenv("CHAOS_CLOCK");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *text = mmap(NULL, OFFSET_CHARS, PROT_READ, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (text != MAP_FAILED)
        offset_text = text;
}

static time_t offset_s(void)
{
    time_t seconds = 0;
    if (offset_text == NULL)
        return 0;
    for (size_t i = 1; i < OFFSET_CHARS; i++)
        seconds = seconds * 10 + (offset_text[i] - '0');
    return offset_text[0] == '-' ? -seconds : seconds;
}

int clock_gettime(clockid_t id, struct timespec *ret_now)
{
    int r = (int)syscall(SYS_clock_gettime, id, ret_now);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ret_now->tv_sec += offset_s();
    return r;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    if (r == 0)
        *ret_now = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return r;
}

time_t time(time_t *ret_now)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_now != NULL)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}
