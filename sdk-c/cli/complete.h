/* SPDX-License-Identifier: Apache-2.0
 *
 * What a shell asks while somebody types: `errand __complete WORD... PART`.
 */
#ifndef ERRAND_CLI_COMPLETE_H
#define ERRAND_CLI_COMPLETE_H

/* Print what the last word may become, one "CANDIDATE\tDESCRIPTION" a line: commands, flags,
 * runners and runs the server knows. Asks the server for no longer than two seconds. Returns 0. */
int complete(int argc, char **words);

#endif
