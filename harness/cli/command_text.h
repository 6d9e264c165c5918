/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_COMMAND_TEXT_H
#define HARNESS_CLI_COMMAND_TEXT_H

/* command_text - the command line of a run, as its report shows it to those who want
 * to reproduce it. */
#include <stdint.h>

/* The words as they were given, for a shell, and the seed even if it was not. The
 * address of a database is without user and password. The caller frees it. */
char *command_text(int argc, char **argv, uint64_t seed);

#endif
