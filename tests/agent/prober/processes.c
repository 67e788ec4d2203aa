/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAP_LAST 40

static int result(long r)
{
    return r < 0 ? errno : 0;
}

static int open_socket(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static int raw_socket(void)
{
    return open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int packet_socket(void)
{
    return open_socket(AF_PACKET, SOCK_RAW, 0);
}

static int vsock_socket(void)
{
    return open_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int crypto_socket(void)
{
    return open_socket(AF_ALG, SOCK_SEQPACKET, 0);
}

static int plain_socket(void)
{
    return open_socket(AF_INET, SOCK_STREAM, 0);
}

static int change_network(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return errno;
    int r = result(ioctl(fd, SIOCSIFFLAGS, &request));
    (void)close(fd);
    return r;
}

static int trace_child(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        (void)pause();
        _exit(0);
    }
    int r = result(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
    if (r == 0)
        (void)waitpid(pid, &status, 0);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    return r;
}

static int trace_init(void)
{
    int status;
    if (ptrace(PTRACE_SEIZE, 1, NULL, NULL) < 0)
        return errno;
    if (ptrace(PTRACE_INTERRUPT, 1, NULL, NULL) == 0)
        (void)waitpid(1, &status, __WALL);
    return result(ptrace(PTRACE_DETACH, 1, NULL, NULL));
}

/* PROBER_PID is a process of the machine's. */
static int signal_outside(void)
{
    const char *pid = getenv("PROBER_PID");
    if (pid == NULL)
        return EINVAL;
    return result(kill((pid_t)strtol(pid, NULL, 10), 0)); /* lint: allow: our own number */
}

static int see_outside(void)
{
    char path[64];
    const char *pid = getenv("PROBER_PID");
    if (pid == NULL || snprintf(path, sizeof(path), "/proc/%s/root", pid) < 0)
        return EINVAL;
    return result(access(path, F_OK));
}

/* PID 1 ignores what it has not asked for when it comes from its own namespace. */
static int kill_init(void)
{
    if (kill(1, SIGKILL) < 0)
        return errno;
    (void)usleep(100000);
    return getppid() == 0 ? 0 : EPERM;
}

static int raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return errno;
    limit.rlim_max++;
    return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int raise_priority(void)
{
    return result(setpriority(PRIO_PROCESS, 0, -5));
}

static int use_realtime(void)
{
    struct sched_param parameter = {.sched_priority = 1};
    return result(sched_setscheduler(0, SCHED_FIFO, &parameter));
}

static int protect_from_oom(void)
{
    FILE *file = fopen("/proc/self/oom_score_adj", "we");
    if (file == NULL || setvbuf(file, NULL, _IONBF, 0) != 0)
        return errno;
    int r = fputs("-500", file) < 0 ? errno : 0;
    (void)fclose(file);
    return r;
}

/* Whether any capability is left that a program could be given. */
static int gain_capability(void)
{
    for (int i = 0; i <= CAP_LAST; i++) {
        if (prctl(PR_CAPBSET_READ, i) == 1)
            return 0;
    }
    return EPERM;
}

/* Executes a copy of this program that is root's and has the setuid bit. */
static int use_setuid(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && setresuid(1234, 1234, 1234) < 0)
            _exit(errno);
        (void)execl("/bin/prober-setuid", "prober-setuid", "am_root", NULL);
        _exit(errno);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}

const struct attempt process_attempts[] = {
    {"plain_socket", plain_socket},
    {"raw_socket", raw_socket},
    {"packet_socket", packet_socket},
    {"vsock_socket", vsock_socket},
    {"crypto_socket", crypto_socket},
    {"change_network", change_network},
    {"trace_child", trace_child},
    {"trace_init", trace_init},
    {"signal_outside", signal_outside},
    {"see_outside", see_outside},
    {"kill_init", kill_init},
    {"raise_files", raise_files},
    {"raise_priority", raise_priority},
    {"use_realtime", use_realtime},
    {"protect_from_oom", protect_from_oom},
    {"gain_capability", gain_capability},
    {"use_setuid", use_setuid},
    {NULL, NULL},
};
