/* SPDX-License-Identifier: Apache-2.0
 *
 * KEY=VALUE as given on the command line.
 */
#ifndef ERRAND_CLI_ENV_PAIR_H
#define ERRAND_CLI_ENV_PAIR_H

#define ENV_KEY_BYTES 256

struct env_pair {
    char key[ENV_KEY_BYTES];
    const char *value; /* borrowed from the text */
};

/* 0, or EXIT_OURS after complaining. */
int env_pair_parse(const char *text, struct env_pair *ret_pair);

#endif
