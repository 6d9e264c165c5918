/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_ARGS_H
#define RUNNERS_MACHINE_ARGS_H

/* args - a command line that is put together piece by piece. */
#define ARGS_MAX 112

struct args {
	char *words[ARGS_MAX + 1]; /* owned, NULL-terminated */
	int count;
};

/* Append one word. */
void args_add(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Append BEFORE, PATH and AFTER as one word, PATH's commas doubled: so QEMU and our
 * VMM know them from those that end a path. */
void args_add_path(struct args *a, const char *before, const char *path,
		   const char *after);

/* First of all: the program that comes next is to run on the emulated /dev/mshv. */
void args_add_emulator(struct args *a);
void args_release(struct args *a);

#endif
