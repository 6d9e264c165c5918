/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_PLAN_FILE_H
#define HARNESS_CLI_PLAN_FILE_H

/*
 * plan_file - the options of `run` in a file. A key is an option name without
 * its dashes, if its row is marked as a plan key; the option's checks apply to
 * its value. `name` and `reason` describe the plan.
 */
struct err;
struct option_row;
struct plan_file;

/* NAME is a file, or one that comes with this program; its keys are TABLE's.
 * *OUT is the caller's, for plan_file_free(); -EINVAL for a bad file. */
int plan_file_load(const char *name, const struct option_row *table,
		   struct plan_file **out, struct err *err);
void plan_file_free(struct plan_file *file); /* NULL is fine */

/* Take every key that is there into ARGS, in the order of the table. Texts of
 * ARGS then point into FILE. NAME stands in what is said of a mistake. */
int plan_file_apply(const struct plan_file *file, const char *name, void *args,
		    struct err *err);

#endif
