/* SPDX-License-Identifier: Apache-2.0 */
#include "config_file.h"

#include "complain.h"
#include "near_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* 0, or EXIT_OURS after complaining. */
static int config_path(char ret_path[PATH_BYTES], const char *name)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n;

    if (config != NULL && config[0] == '/')
        n = snprintf(ret_path, PATH_BYTES, "%s/errand%s", config, name);
    else if (home != NULL && home[0] == '/')
        n = snprintf(ret_path, PATH_BYTES, "%s/.config/errand%s", home, name);
    else
        return complain("no place for a configuration: set HOME");
    return n < PATH_BYTES ? 0 : complain("the path of the configuration is too long");
}

json_t *config_file_read(void)
{
    char path[PATH_BYTES];
    json_error_t why;
    json_t *config;

    if (config_path(path, "/config.json") != 0)
        return NULL;
    if (access(path, F_OK) < 0)
        return json_object();
    config = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(config)) {
        json_decref(config);
        (void)complain("%s is not a configuration: %s", path, why.text);
        return NULL;
    }
    return config;
}

/* The directory and those above it, private. */
static int make_directory(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? complain_errno("make %s", path) : 0;
}

static int write_beside(const json_t *config, const char *beside)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int failed = fd < 0 || json_dumpfd(config, fd, JSON_INDENT(2)) < 0 || fsync(fd) < 0;

    if (fd >= 0)
        failed |= close(fd) < 0;
    return failed ? complain_errno("write %s", beside) : 0;
}

int config_file_write(const json_t *config)
{
    char path[PATH_BYTES];
    char beside[PATH_BYTES];
    int r = config_path(path, "");

    if (r == 0)
        r = make_directory(path);
    if (r == 0)
        r = config_path(path, "/config.json");
    if (r == 0)
        r = config_path(beside, "/config.json.new");
    if (r == 0)
        r = write_beside(config, beside);
    if (r == 0 && rename(beside, path) < 0)
        r = complain_errno("write %s", path);
    return r;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

const char *config_file_current(const json_t *config)
{
    const char *current = text(config, "current");

    return current == NULL ? "" : current;
}

int config_file_get(const json_t *config, const char *name, struct config_context *ret_context)
{
    const json_t *context = json_object_get(json_object_get(config, "contexts"), name);

    ret_context->url = text(context, "url");
    ret_context->token = text(context, "token");
    ret_context->project = text(context, "project");
    ret_context->ca_file = text(context, "ca_file");
    return context != NULL;
}

int config_file_need(const json_t *config, const char *name, struct config_context *ret_context)
{
    struct near_name near = near_name_of(name);
    const char *known;
    json_t *value;

    if (config_file_get(config, name, ret_context))
        return 0;
    json_object_foreach(json_object_get(config, "contexts"), known, value)(void)
        near_name_offer(&near, known);
    if (near.best != NULL)
        return complain("there is no context '%s'; did you mean '%s'?", name, near.best);
    return complain("there is no context '%s'; 'errand login' makes one", name);
}

int config_file_set(json_t *config, const char *name, const struct config_context *context)
{
    json_t *contexts = json_object_get(config, "contexts");

    if (!json_is_object(contexts)) {
        contexts = json_object();
        if (json_object_set_new(config, "contexts", contexts) < 0)
            return -1;
    }
    /* "s*": left out when NULL */
    if (json_object_set_new(contexts, name,
                            json_pack("{s:s, s:s*, s:s*, s:s*}", "url", context->url, "token",
                                      context->token, "project", context->project, "ca_file",
                                      context->ca_file)) < 0)
        return -1;
    return json_object_set_new(config, "current", json_string(name));
}
