/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* Only opened: whoever runs this outside a container loses nothing. */
static int write_to(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static int sysrq(void)
{
    return write_to("/proc/sysrq-trigger");
}

static int core_pattern(void)
{
    return write_to("/proc/sys/kernel/core_pattern");
}

static int modprobe_path(void)
{
    return write_to("/proc/sys/kernel/modprobe");
}

static int network_switches(void)
{
    return write_to("/proc/sys/net/ipv4/ip_forward");
}

static int interrupt_affinity(void)
{
    return write_to("/proc/irq/default_smp_affinity");
}

static int uevent_helper(void)
{
    return write_to("/sys/kernel/uevent_helper");
}

static int huge_pages(void)
{
    return write_to("/sys/kernel/mm/transparent_hugepage/enabled");
}

/* Any file called `name` below /sys/fs/cgroup, two levels deep. */
static int write_in_groups(const char *name)
{
    static const char *const below[] = {"", "/memory", "/pids", "/cpu", "/devices", "/systemd"};
    int errnum = ENOENT;
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "/sys/fs/cgroup%s/%s", below[i], name) < 0)
            return EINVAL;
        int r = write_to(path);
        if (r == 0)
            return 0;
        errnum = r == ENOENT ? errnum : r;
    }
    return errnum;
}

static int move_to_group(void)
{
    return write_in_groups("cgroup.procs");
}

static int raise_memory(void)
{
    int errnum = write_in_groups("memory.limit_in_bytes");
    return errnum == ENOENT ? write_in_groups("memory.max") : errnum;
}

static int release_agent(void)
{
    return write_in_groups("release_agent");
}

static int allow_devices(void)
{
    return write_in_groups("devices.allow");
}

/* On cgroup v1 the directory of all trees is the container's own tmpfs. */
static int make_group(void)
{
    static const char *const groups[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/memory",
                                         "/sys/fs/cgroup/pids"};
    int errnum = ENOENT;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        char path[PATH_MAX];
        struct statfs fs;
        if (statfs(groups[i], &fs) < 0 || fs.f_type == TMPFS_MAGIC ||
            snprintf(path, sizeof(path), "%s/x", groups[i]) < 0)
            continue;
        if (mkdir(path, 0755) == 0)
            return rmdir(path);
        errnum = errno;
    }
    return errnum;
}

static int read_masked(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t got = read(fd, &byte, 1);
    int errnum = got < 0 ? errno : ENODATA;
    (void)close(fd);
    return got > 0 ? 0 : errnum;
}

static int kernel_memory(void)
{
    return read_masked("/proc/kcore");
}

static int kernel_keys(void)
{
    return read_masked("/proc/keys");
}

static int kernel_timers(void)
{
    return read_masked("/proc/timer_list");
}

/* A device node of our own, opened. A device that is not there has been let through, too: what
 * holds it back answers first. */
static int open_device(mode_t kind, unsigned major, unsigned minor)
{
    static const char path[] = "/tmp/device";
    (void)unlink(path);
    if (mknod(path, kind | 0600, makedev(major, minor)) < 0)
        return errno;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int errnum = fd < 0 && errno != ENXIO && errno != ENODEV ? errno : 0;
    if (fd >= 0)
        (void)close(fd);
    (void)unlink(path);
    return errnum;
}

static int device_memory(void)
{
    return open_device(S_IFCHR, 1, 1);
}

static int device_kernel_log(void)
{
    return open_device(S_IFCHR, 1, 11);
}

static int device_loop_control(void)
{
    return open_device(S_IFCHR, 10, 237);
}

static int device_fuse(void)
{
    return open_device(S_IFCHR, 10, 229);
}

static int device_tun(void)
{
    return open_device(S_IFCHR, 10, 200);
}

static int device_kvm(void)
{
    return open_device(S_IFCHR, 10, 232);
}

/* The disk that the root file system is on, or the usual ones. */
static int device_disk(void)
{
    static const unsigned majors[] = {8, 254, 253, 259, 7};
    struct stat st;
    int errnum = EINVAL;
    if (stat("/etc/layer", &st) == 0 && open_device(S_IFBLK, major(st.st_dev), 0) == 0)
        return 0;
    for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]) && errnum != 0; i++)
        errnum = open_device(S_IFBLK, majors[i], 0);
    return errnum;
}

static int make_node(void)
{
    static const char path[] = "/tmp/node";
    int r = mknod(path, S_IFCHR | 0600, makedev(1, 3)) < 0 ? errno : 0;
    (void)unlink(path);
    return r;
}

/* PROBER_MARK is a path that exists on the machine and not in the image. */
static int is_outside(void)
{
    const char *mark = getenv("PROBER_MARK");
    return mark != NULL && access(mark, F_OK) == 0 ? 0 : ENOENT;
}

static int see_host_files(void)
{
    return is_outside();
}

/* The classic: a directory fd from outside a new root, then up. */
static int escape_chroot(void)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)mkdir("/tmp/jail", 0700);
    if (fd < 0 || chroot("/tmp/jail") < 0 || fchdir(fd) < 0)
        return errno;
    for (int i = 0; i < 64; i++) {
        if (chdir("..") < 0)
            return errno;
    }
    return chroot(".") < 0 ? errno : is_outside();
}

static int chroot_away(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(escape_chroot());
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}

/* Every descriptor that PID 1 or we were left with, and ".." from there. */
static int descriptors_of(const char *directory)
{
    DIR *fds = opendir(directory);
    const struct dirent *entry;
    int errnum = ENOENT;
    while (fds != NULL && errnum != 0 && (entry = readdir(fds)) != NULL) {
        char path[PATH_MAX];
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof(path), "%s/%s/../../../../../../../..%s", directory,
                     entry->d_name, getenv("PROBER_MARK")) < 0)
            continue;
        if (access(path, F_OK) == 0)
            errnum = 0;
    }
    if (fds != NULL)
        (void)closedir(fds);
    return errnum;
}

static int own_descriptors(void)
{
    return descriptors_of("/proc/self/fd");
}

static int init_descriptors(void)
{
    return descriptors_of("/proc/1/fd");
}

/* The program that started us, in place: CVE-2019-5736. */
static int overwrite_init(void)
{
    return write_to("/proc/1/exe");
}

const struct attempt file_attempts[] = {
    {"sysrq", sysrq},
    {"core_pattern", core_pattern},
    {"modprobe_path", modprobe_path},
    {"network_switches", network_switches},
    {"interrupt_affinity", interrupt_affinity},
    {"uevent_helper", uevent_helper},
    {"huge_pages", huge_pages},
    {"cgroup_move", move_to_group},
    {"cgroup_memory", raise_memory},
    {"cgroup_release_agent", release_agent},
    {"cgroup_devices", allow_devices},
    {"cgroup_make", make_group},
    {"kernel_memory", kernel_memory},
    {"kernel_keys", kernel_keys},
    {"kernel_timers", kernel_timers},
    {"make_node", make_node},
    {"device_memory", device_memory},
    {"device_kernel_log", device_kernel_log},
    {"device_loop_control", device_loop_control},
    {"device_fuse", device_fuse},
    {"device_tun", device_tun},
    {"device_kvm", device_kvm},
    {"device_disk", device_disk},
    {"host_files", see_host_files},
    {"chroot_escape", chroot_away},
    {"own_descriptors", own_descriptors},
    {"init_descriptors", init_descriptors},
    {"overwrite_init", overwrite_init},
    {NULL, NULL},
};
