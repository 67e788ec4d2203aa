/* SPDX-License-Identifier: Apache-2.0 */
#include "images/layer_entry.h"

#include <archive.h>
#include <archive_entry.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const char whiteout_prefix[] = ".wh.";
static const char opaque_name[] = ".wh..wh..opq";
static const char opaque_attribute[] = "trusted.overlay.opaque";

#define WHITEOUT_PREFIX_LEN (sizeof(whiteout_prefix) - 1)

/* The directory entry being written replaces a whiteout; see layer_entry_settle(). One entry is
 * handled at a time. */
static bool replaces_whiteout;

bool layer_path_clean(char *path)
{
    char *out = path;
    const char *in = path;
    while (*in != '\0') {
        size_t n = strcspn(in, "/");
        if (n == 2 && memcmp(in, "..", 2) == 0)
            return false;
        if (n > 0 && !(n == 1 && in[0] == '.')) {
            if (out != path)
                *out++ = '/';
            memmove(out, in, n);
            out += n;
        }
        in += n;
        in += strspn(in, "/");
    }
    *out = '\0';
    return true;
}

/* A cleaned copy of `path`; the root itself is ".". NULL with `e` set when it is not acceptable. */
static char *cleaned(const char *path, struct err *e)
{
    if (path == NULL || strlen(path) >= PATH_MAX) {
        (void)err_set(e, ERR_INVALID, "layer holds an entry without a usable name");
        return NULL;
    }
    CLEANUP(freep) char *copy = strdup(path);
    if (copy == NULL) {
        (void)err_errno(e, ENOMEM, "read layer");
        return NULL;
    }
    if (!layer_path_clean(copy)) {
        (void)err_set(e, ERR_INVALID, "layer holds a name with '..': %.100s", path);
        return NULL;
    }
    if (copy[0] == '\0')
        return strdup(".");
    return TAKE_PTR(copy);
}

static int clean_names(struct archive_entry *entry, struct err *e)
{
    CLEANUP(freep) char *path = cleaned(archive_entry_pathname(entry), e);
    if (path == NULL)
        return ERR_INVALID;
    archive_entry_copy_pathname(entry, path);

    const char *target = archive_entry_hardlink(entry);
    if (target == NULL)
        return 0;
    CLEANUP(freep) char *clean_target = cleaned(target, e);
    if (clean_target == NULL)
        return ERR_INVALID;
    archive_entry_copy_hardlink(entry, clean_target);
    return 0;
}

/* trusted.overlay.* from outside could redirect overlayfs to other directories; security.* other
 * than file capabilities belongs to the host's policy. */
static bool attribute_is_kept(const char *name)
{
    return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0;
}

static void clean_attributes(struct archive_entry *entry)
{
    struct archive_entry *kept = archive_entry_new();
    const char *name = NULL;
    const void *value = NULL;
    size_t n = 0;

    (void)archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &n) == ARCHIVE_OK)
        if (kept != NULL && attribute_is_kept(name))
            archive_entry_xattr_add_entry(kept, name, value, n);
    archive_entry_xattr_clear(entry);
    if (kept == NULL)
        return;
    (void)archive_entry_xattr_reset(kept);
    while (archive_entry_xattr_next(kept, &name, &value, &n) == ARCHIVE_OK)
        archive_entry_xattr_add_entry(entry, name, value, n);
    archive_entry_free(kept);
    archive_entry_acl_clear(entry);
    archive_entry_set_fflags(entry, 0, 0);
}

static int make_parents(const char *path, struct err *e)
{
    char parent[PATH_MAX];
    for (size_t i = 0; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        memcpy(parent, path, i);
        parent[i] = '\0';
        if (mkdir(parent, 0755) < 0 && errno != EEXIST)
            return err_errno(e, errno, "make directory %.100s", parent);
    }
    return 0;
}

static int make_opaque(const char *dir, struct err *e)
{
    if (setxattr(dir, opaque_attribute, "y", 1, 0) < 0)
        return err_errno(e, errno, "make %.100s opaque", dir);
    return 0;
}

static bool is_whiteout(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* A whiteout speaks of lower layers only: what this layer has of the same name stays. */
static int make_whiteout(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? make_opaque(path, e) : 0;
    if (mknod(path, S_IFCHR, makedev(0, 0)) < 0)
        return err_errno(e, errno, "make whiteout %.100s", path);
    return 0;
}

/* `name` is the last part of `path` and starts with the whiteout prefix. */
static int carry_out_whiteout(const char *path, const char *name, struct err *e)
{
    char target[PATH_MAX];
    size_t dir_n = (size_t)(name - path);
    memcpy(target, path, dir_n);
    target[dir_n] = '\0';

    int rc = make_parents(path, e);
    if (rc < 0)
        return rc;
    if (strcmp(name, opaque_name) == 0)
        return make_opaque(dir_n > 0 ? target : ".", e);

    const char *hidden = name + WHITEOUT_PREFIX_LEN;
    if (strncmp(hidden, whiteout_prefix, WHITEOUT_PREFIX_LEN) == 0)
        return 0; /* aufs's own bookkeeping */
    if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return err_set(e, ERR_INVALID, "layer holds a whiteout of nothing: %.100s", path);
    (void)stpcpy(target + dir_n, hidden);
    return make_whiteout(target, e);
}

static bool is_left_out(struct archive_entry *entry)
{
    switch (archive_entry_filetype(entry)) {
    case AE_IFCHR:
    case AE_IFBLK:
    case AE_IFSOCK:
        return archive_entry_hardlink(entry) == NULL;
    default:
        return false;
    }
}

int layer_entry_prepare(struct archive_entry *entry, enum layer_entry_kind *ret_kind, struct err *e)
{
    replaces_whiteout = false;
    int rc = clean_names(entry, e);
    if (rc < 0)
        return rc;
    clean_attributes(entry);

    const char *path = archive_entry_pathname(entry);
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    *ret_kind = LAYER_ENTRY_DONE;
    if (strncmp(name, whiteout_prefix, WHITEOUT_PREFIX_LEN) == 0)
        return carry_out_whiteout(path, name, e);
    if (is_left_out(entry))
        return 0;

    struct stat st;
    if (lstat(path, &st) == 0 && is_whiteout(&st)) {
        if (unlink(path) < 0)
            return err_errno(e, errno, "replace whiteout %.100s", path);
        replaces_whiteout = true;
    }
    *ret_kind = LAYER_ENTRY_KEEP;
    return 0;
}

int layer_entry_settle(struct archive_entry *entry, struct err *e)
{
    if (!replaces_whiteout || archive_entry_filetype(entry) != AE_IFDIR)
        return 0;
    return make_opaque(archive_entry_pathname(entry), e);
}
