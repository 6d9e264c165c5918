/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_QUALIFY_EXHIBITS_H
#define HARNESS_CLI_QUALIFY_EXHIBITS_H

/* qualify_exhibits - what goes along with a qualification: files that its steps
 * left, its runs, and the kernel's words. */
#include <stddef.h>

struct err;
struct qualification;
struct store;

/* Before the first step: what an earlier one left in FOLDER goes, and the
 * kernel's words about its hypervisor come. */
void qualify_exhibits_begin(struct qualification *q, const char *folder);

/* After step I: its file, and every run that is new in FOLDER/qualify.db. What
 * cannot be read is left out. */
void qualify_exhibits_take(struct qualification *q, const char *folder,
			   size_t i);

/* A run as an open file of a bundle; FD is closed afterwards. */
typedef int qualify_run_fn(void *arg, int fd, const char *name,
			   struct err *err);

/* Calls FN for each run of a qualification that was sent, until one fails. */
int qualify_exhibits_each_run(const struct qualification *q, qualify_run_fn *fn,
			      void *arg, struct err *err);

/* The runs of a qualification that was sent, into STORE; COUNT of them. 0 or a
 * negative errno. */
int qualify_exhibits_import(const struct qualification *q, struct store *store,
			    size_t *count, struct err *err);

#endif
