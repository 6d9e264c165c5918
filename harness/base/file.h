/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_FILE_H
#define HARNESS_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct strbuf;

/* file - whole files, and where this program lives. */

/* Append the file to OUT, at most MAX bytes of it. 0 or a negative errno. */
int file_read(const char *path, size_t max, struct strbuf *out);

/* The same of a file that means something only as a whole, into an empty OUT;
 * -EFBIG where it has more than MAX bytes. */
int file_read_whole(const char *path, size_t max, struct strbuf *out);

/* The first line of a small file (sysfs, proc) into BUF, "" if unreadable. */
const char *file_first_line(const char *path, char *buf, size_t size);

/* The number behind KEY at the beginning of a line, "MemFree: 123 kB", of a file
 * in /proc; 0 where there is none. */
uint64_t file_key_number(const char *path, const char *key);

/* All of PATH's new content, by the rules of output.h: readers see the old file or
 * the new one, and a failure leaves nothing behind. */
int file_write(const char *path, const void *bytes, size_t len,
	       struct err *err);

/* All of it, however short the writes are. 0 or a negative errno. */
int file_write_all(int fd, const void *data, size_t len);

/* TEXT into a file that the kernel has made (sysfs, proc, cgroup), in one write().
 * 0 or a negative errno, which may be its answer. Async-signal-safe. */
int file_put(const char *path, const char *text);

/* mkdir -p. */
int file_mkdirs(const char *path, struct err *err);

/* The same for the folder that PATH itself is to be in. */
int file_mkdirs_above(const char *path, struct err *err);

/* NAME in the folder of the running executable; caller frees. */
char *file_beside_exe(const char *name);

/* NAME where it is a path; else FOLDER/NAME.yaml of what comes with this
 * program. Caller frees. */
char *file_shipped(const char *folder, const char *name);

/* Whether PATH leads to a program of that name. */
bool file_in_path(const char *program);

#endif
