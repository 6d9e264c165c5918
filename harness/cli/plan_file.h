/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_PLAN_FILE_H
#define HARNESS_CLI_PLAN_FILE_H

/*
 * plan_file - the options of `run`, written down: a key is an option without
 * its dashes, and its value is checked as the option's is. With `name` and
 * `reason`, which say what for.
 */
struct err;
struct plan_file;

/* NAME is a file, or one that comes with this program. *OUT is the caller's,
 * for plan_file_free(); -EINVAL for a bad file. */
int plan_file_load(const char *name, struct plan_file **out, struct err *err);
void plan_file_free(struct plan_file *file); /* NULL is fine */

/*
 * TAKE every key that is there, by the name of its option; it answers 0 or a
 * negative errno with ERR filled, to which file and line are added.
 */
int plan_file_apply(struct plan_file *file, const char *name,
		    int (*take)(void *arg, const char *option, char *value,
				struct err *err),
		    void *arg, struct err *err);

#endif
