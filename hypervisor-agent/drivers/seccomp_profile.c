/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/seccomp_profile.h"

#include "base/defer.h"
#include "wire/field.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

/* CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET */
#define CLONE_NEW_ANY UINT64_C(0x7e020000)

static const char files[] =
    "access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 "
    "faccessat faccessat2 fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 "
    "fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr "
    "fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat "
    "getcwd getdents getdents64 getxattr ioctl lchown lchown32 lgetxattr link linkat listxattr "
    "llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat "
    "name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev "
    "pwritev2 read readahead readlink readlinkat readv removexattr rename renameat renameat2 "
    "rmdir sendfile sendfile64 setxattr splice stat stat64 statfs statfs64 statx symlink "
    "symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime "
    "utimensat utimensat_time64 utimes vmsplice write writev cachestat";

static const char watching[] =
    "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
    "epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 "
    "inotify_rm_watch _newselect poll ppoll ppoll_time64 pselect6 pselect6_time64 select "
    "signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
    "timerfd_settime64 io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
    "io_setup io_submit";

static const char memory[] =
    "brk futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue get_robust_list "
    "madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 "
    "mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc "
    "pkey_free pkey_mprotect process_mrelease remap_file_pages rseq set_robust_list";

static const char processes[] =
    "capget capset execve execveat exit exit_group fork getegid getegid32 geteuid geteuid32 "
    "getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getpriority getresgid "
    "getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid getuid getuid32 "
    "ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset "
    "landlock_restrict_self pause pidfd_open pidfd_send_signal pipe pipe2 prctl prlimit64 "
    "restart_syscall rt_sigaction rt_sigpending "
    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
    "rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam "
    "sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval "
    "sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam "
    "sched_setscheduler sched_yield seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid "
    "setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid "
    "setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid set_tid_address "
    "setuid setuid32 sigaltstack sigprocmask sigreturn tgkill tkill ugetrlimit vfork wait4 "
    "waitid waitpid get_thread_area set_thread_area arch_prctl cacheflush breakpoint "
    "set_tls riscv_flush_icache";

static const char talking[] =
    "accept accept4 bind connect getpeername getsockname getsockopt ipc listen mq_getsetattr "
    "mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 "
    "mq_unlink msgctl msgget msgrcv msgsnd recv recvfrom recvmmsg recvmmsg_time64 recvmsg "
    "semctl semget semop semtimedop semtimedop_time64 send sendmmsg sendmsg sendto setsockopt "
    "shmat shmctl shmdt shmget shutdown socketcall socketpair";

/* adjtimex and clock_adjtime read the clock's state; setting it still takes CAP_SYS_TIME. */
static const char time_and_host[] =
    "adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 "
    "clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 getcpu getitimer "
    "getrandom gettimeofday nanosleep setitimer sysinfo time timer_create timer_delete "
    "timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 times uname";

/* What untrusted containers do without. */
static const char risky[] =
    "chroot mknod mknodat modify_ldt process_vm_readv process_vm_writev ptrace";

/* What trusted containers have and others have not. */
static const char mighty[] =
    "fsconfig fsmount fsopen fspick get_mempolicy kcmp mbind migrate_pages mount mount_setattr "
    "move_mount move_pages open_tree pidfd_getfd pivot_root process_madvise setdomainname "
    "sethostname set_mempolicy set_mempolicy_home_node setns umount umount2 unshare";

static const char refused[] =
    "acct add_key bpf clock_settime clock_settime64 delete_module fanotify_init finit_module "
    "init_module ioperm iopl kexec_file_load kexec_load keyctl lookup_dcookie nfsservctl "
    "open_by_handle_at perf_event_open quotactl quotactl_fd reboot request_key settimeofday stime "
    "swapoff swapon _sysctl syslog userfaultfd ustat vhangup vm86 vm86old";

static const char clone[] = "clone";
static const char personality[] = "personality";
static const char socket_call[] = "socket";

/* clone3 hides its flags in memory where a filter cannot look: it answers ENOSYS by default and
 * libc falls back to clone. personality: the values are Linux, Linux without address
 * randomisation, both for 32 bits (UNAME26), and "tell me". */
#define EVERYDAY                                                                                   \
    {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, files}, {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, watching},       \
        {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, memory}, {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, processes}, \
        {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, talking},                                               \
        {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, time_and_host},                                         \
        {SECCOMP_EPERM, SECCOMP_ALWAYS, 0, refused},                                               \
        {SECCOMP_ALLOW, SECCOMP_EQUAL, 0, personality},                                            \
        {SECCOMP_ALLOW, SECCOMP_EQUAL, 8, personality},                                            \
        {SECCOMP_ALLOW, SECCOMP_EQUAL, 0x20000, personality},                                      \
        {SECCOMP_ALLOW, SECCOMP_EQUAL, 0x20008, personality},                                      \
    {                                                                                              \
        SECCOMP_ALLOW, SECCOMP_EQUAL, 0xffffffff, personality                                      \
    }

static const struct seccomp_rule default_rules[] = {
    EVERYDAY,
    {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, risky},
    {SECCOMP_EPERM, SECCOMP_ALWAYS, 0, mighty},
    {SECCOMP_ALLOW, SECCOMP_MASK_CLEAR, CLONE_NEW_ANY, clone},
    {SECCOMP_ALLOW, SECCOMP_NOT_EQUAL, AF_VSOCK, socket_call},
};

static const struct seccomp_rule untrusted_rules[] = {
    EVERYDAY,
    {SECCOMP_EPERM, SECCOMP_ALWAYS, 0, risky},
    {SECCOMP_EPERM, SECCOMP_ALWAYS, 0, mighty},
    {SECCOMP_ALLOW, SECCOMP_MASK_CLEAR, CLONE_NEW_ANY, clone},
    {SECCOMP_ALLOW, SECCOMP_EQUAL, AF_UNIX, socket_call},
    {SECCOMP_ALLOW, SECCOMP_EQUAL, AF_INET, socket_call},
    {SECCOMP_ALLOW, SECCOMP_EQUAL, AF_INET6, socket_call},
    {SECCOMP_ALLOW, SECCOMP_EQUAL, AF_NETLINK, socket_call},
};

static const struct seccomp_rule trusted_rules[] = {
    EVERYDAY,
    {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, risky},
    {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, mighty},
    {SECCOMP_ALLOW, SECCOMP_ALWAYS, 0, clone},
    {SECCOMP_ALLOW, SECCOMP_NOT_EQUAL, AF_VSOCK, socket_call},
};

#define TABLE(rules)                                                                               \
    {                                                                                              \
        rules, ARRAY_LEN(rules)                                                                    \
    }

static const struct {
    const struct seccomp_rule *rules;
    size_t n;
} tables[] = {
    [RUN_SANDBOX_DEFAULT] = TABLE(default_rules),
    [RUN_SANDBOX_UNTRUSTED] = TABLE(untrusted_rules),
    [RUN_SANDBOX_TRUSTED] = TABLE(trusted_rules),
};
_Static_assert(ARRAY_LEN(tables) == RUN_SANDBOX_COUNT, "rules for each sandbox");

const struct seccomp_rule *seccomp_profile_rules(enum run_sandbox sandbox, size_t *ret_n)
{
    *ret_n = tables[sandbox].n;
    return tables[sandbox].rules;
}

static void put_action(struct buf *b, const char *action_key, const char *errno_key,
                       enum seccomp_action action)
{
    if (action == SECCOMP_ALLOW) {
        field_put_text(b, action_key, "SCMP_ACT_ALLOW");
        return;
    }
    field_put_text(b, action_key, "SCMP_ACT_ERRNO");
    field_put_i64(b, errno_key, action == SECCOMP_EPERM ? EPERM : ENOSYS);
}

static void put_names(struct buf *b, const char *names)
{
    field_put_key(b, "names");
    buf_add_char(b, '[');
    for (; *names != '\0'; names += strspn(names, " ")) {
        size_t n = strcspn(names, " ");
        field_put_separator(b);
        buf_add_json_string(b, names, n);
        names += n;
    }
    buf_add_char(b, ']');
}

static void put_test(struct buf *b, const struct seccomp_rule *rule)
{
    static const char *const operators[] = {
        [SECCOMP_EQUAL] = "SCMP_CMP_EQ",
        [SECCOMP_NOT_EQUAL] = "SCMP_CMP_NE",
        [SECCOMP_MASK_CLEAR] = "SCMP_CMP_MASKED_EQ",
    };
    if (rule->test == SECCOMP_ALWAYS)
        return;
    field_put_key(b, "args");
    buf_printf(b, "[{\"index\":0,\"value\":%" PRIu64 ",\"valueTwo\":0,\"op\":\"%s\"}]", rule->value,
               operators[rule->test]);
}

void seccomp_profile_put_json(struct buf *b, enum run_sandbox sandbox)
{
    size_t n;
    const struct seccomp_rule *rules = seccomp_profile_rules(sandbox, &n);
    buf_add_char(b, '{');
    put_action(b, "defaultAction", "defaultErrnoRet", SECCOMP_DEFAULT_ACTION);
    field_put_key(b, "syscalls");
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        field_put_separator(b);
        buf_add_char(b, '{');
        put_names(b, rules[i].names);
        put_action(b, "action", "errnoRet", rules[i].action);
        put_test(b, &rules[i]);
        buf_add_char(b, '}');
    }
    buf_add_text(b, "]}");
}
