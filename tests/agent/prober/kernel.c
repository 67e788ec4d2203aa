/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/reboot.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long r)
{
    return r < 0 ? errno : 0;
}

/* In a child, so that what it changes goes with it. */
static int in_child(int (*attempt)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(attempt());
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}

static int mount_tmpfs(void)
{
    return result(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static int mount_proc(void)
{
    return result(mount("none", "/tmp", "proc", 0, NULL));
}

static int mount_cgroup(void)
{
    return result(mount("none", "/tmp", "cgroup", 0, "pids"));
}

static int bind_mount(void)
{
    return result(mount("/", "/tmp", NULL, MS_BIND, NULL));
}

static int remount_proc_sys(void)
{
    return result(mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int unmount_masked(void)
{
    return result(umount2("/proc/kcore", MNT_DETACH));
}

static int pivot_root_away(void)
{
    return result(syscall(SYS_pivot_root, "/", "/"));
}

static int new_mount_api(void)
{
    return result(syscall(SYS_fsopen, "tmpfs", 0));
}

static int unshare_mounts_now(void)
{
    return result(unshare(CLONE_NEWNS));
}

static int unshare_mounts(void)
{
    return in_child(unshare_mounts_now);
}

static int unshare_users_now(void)
{
    return result(unshare(CLONE_NEWUSER));
}

static int unshare_users(void)
{
    return in_child(unshare_users_now);
}

static int clone_users(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        (void)waitpid((pid_t)pid, NULL, 0);
    return result(pid);
}

static int clone3_users(void)
{
    struct clone_args {
        unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        (void)waitpid((pid_t)pid, NULL, 0);
    return result(pid);
}

static int join_namespace(void)
{
    int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? errno : result(setns(fd, CLONE_NEWUTS));
}

static int set_host_name(void)
{
    return result(sethostname("probed", 6));
}

static int add_key_to_ring(void)
{
    return result(syscall(SYS_add_key, "user", "prober", "x", 1, KEY_SPEC_SESSION_KEYRING));
}

static int read_session_ring(void)
{
    return result(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
}

static int load_bpf(void)
{
    char attributes[128] = "";
    return result(syscall(SYS_bpf, 0, attributes, sizeof(attributes)));
}

static int open_perf(void)
{
    char attributes[128] = {[4] = 120};
    return result(syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0));
}

static int open_userfault(void)
{
    return result(syscall(SYS_userfaultfd, 0));
}

static int open_uring(void)
{
    char parameters[120] = "";
    return result(syscall(SYS_io_uring_setup, 1, parameters));
}

/* The handle of the root of an ext4 file system: inode 2. */
static int open_by_handle(void)
{
    struct {
        unsigned bytes;
        int type;
        unsigned char handle[8];
    } root = {.bytes = 8, .type = 1, .handle = {2}};
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? errno : result(syscall(SYS_open_by_handle_at, fd, &root, O_RDONLY));
}

static int load_module(void)
{
    return result(syscall(SYS_init_module, "", 0, ""));
}

static int unload_module(void)
{
    return result(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK));
}

static int load_kernel(void)
{
    return result(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int reboot_machine(void)
{
    return result(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
                          LINUX_REBOOT_CMD_CAD_OFF, NULL));
}

static int add_swap(void)
{
    return result(syscall(SYS_swapon, "/etc/passwd", 0));
}

static int set_clock(void)
{
    struct timeval now;
    return gettimeofday(&now, NULL) < 0 ? errno : result(settimeofday(&now, NULL));
}

static int read_kernel_log(void)
{
    char text[64];
    return result(syscall(SYS_syslog, 3, text, sizeof(text)));
}

static int use_ports(void)
{
    return result(syscall(SYS_iopl, 3));
}

static int account_processes(void)
{
    return result(syscall(SYS_acct, "/no/such/file"));
}

static int odd_personality(void)
{
    return result(personality(READ_IMPLIES_EXEC));
}

const struct attempt kernel_attempts[] = {
    {"mount_tmpfs", mount_tmpfs},
    {"mount_proc", mount_proc},
    {"mount_cgroup", mount_cgroup},
    {"bind_mount", bind_mount},
    {"remount_proc_sys", remount_proc_sys},
    {"unmount_masked", unmount_masked},
    {"pivot_root", pivot_root_away},
    {"new_mount_api", new_mount_api},
    {"unshare_mounts", unshare_mounts},
    {"unshare_users", unshare_users},
    {"clone_users", clone_users},
    {"clone3_users", clone3_users},
    {"join_namespace", join_namespace},
    {"set_host_name", set_host_name},
    {"add_key", add_key_to_ring},
    {"read_keyring", read_session_ring},
    {"bpf", load_bpf},
    {"perf", open_perf},
    {"userfault", open_userfault},
    {"io_uring", open_uring},
    {"open_by_handle", open_by_handle},
    {"load_module", load_module},
    {"unload_module", unload_module},
    {"kexec", load_kernel},
    {"reboot", reboot_machine},
    {"swap", add_swap},
    {"set_clock", set_clock},
    {"kernel_log", read_kernel_log},
    {"io_ports", use_ports},
    {"accounting", account_processes},
    {"odd_personality", odd_personality},
    {NULL, NULL},
};
