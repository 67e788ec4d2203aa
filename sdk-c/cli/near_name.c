/* SPDX-License-Identifier: Apache-2.0
 *
 * Edit distance with neighbouring letters swapped counting once ("bakcup" is 1 from "backup").
 */
#include "near_name.h"

#include <string.h>

#define LONGEST 63

struct near_name near_name_of(const char *typed)
{
    /* A third of the letters may be wrong, at least one. */
    size_t n = strlen(typed);

    return (struct near_name){.typed = typed, .best = NULL, .distance = n / 3 + 2};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Three rows of the usual table: two before this one, the one before, this one. */
static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][LONGEST + 1];

    for (size_t k = 0; k <= n_b; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *now = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above_that = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t k = 1; k <= n_b; k++) {
            now[k] = least(least(above[k], now[k - 1]) + 1, above[k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                now[k] = least(now[k], above_that[k - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

int near_name_offer(struct near_name *near, const char *name)
{
    size_t n_typed = strlen(near->typed);
    size_t n_name = strlen(name);
    size_t distance;

    if (n_typed > LONGEST || n_name > LONGEST)
        return 0;
    distance = edit_distance(near->typed, n_typed, name, n_name);
    if (distance >= near->distance)
        return 0;
    near->best = name;
    near->distance = distance;
    return 1;
}
