/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FUZZ_FILES_H
#define TESTS_FUZZ_FILES_H

/*
 * files - files that are not there, of /proc and /sys among them, with any
 * content: the linker puts files.c before open() and fopen() of the code under
 * test. Nothing is written to a disk. One thread.
 */
#include <stddef.h>

/* Whoever opens PATH reads LEN BYTES, which are copied; until forgotten. */
void files_put(const char *path, const void *bytes, size_t len);
void files_forget(void);

/* The path of a file with these bytes, the same path each time; for code that
 * must get at it by a call other than those two. */
const char *files_real(const void *bytes, size_t len);

#endif
