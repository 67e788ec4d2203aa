/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/tidy.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>

int tidy_run_dir(struct err *e)
{
    DIR *dir = opendir(".");
    if (dir == NULL)
        return err_errno(e, errno, "open the run dir");
    int r = 0;
    const struct dirent *entry;
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            r = dir_remove(entry->d_name, e);
    }
    (void)closedir(dir);
    return r;
}
