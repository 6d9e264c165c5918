/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_SITE_H
#define HARNESS_CLI_SITE_H

/*
 * site - where a run takes place: a worker on this host or in the lab, with
 * what it said of itself and which of the wanted runners work there.
 */
#include <jansson.h>
#include <stdbool.h>

#include "harness/core/plan.h"
#include "runners/worker_link.h"

struct err;

enum site_choice { SITE_AUTO, SITE_LAB, SITE_HOST };

/* A wanted runner that does not work there, and why. */
struct site_refusal {
	const char *runner; /* borrowed */
	char reason[400];
};

struct site {
	struct worker_link worker;
	json_t *hello;                         /* owned */
	const char *runners[PLAN_MAX_RUNNERS]; /* borrowed */
	size_t runner_count;
	struct site_refusal refusals[PLAN_MAX_RUNNERS];
	size_t refusal_count;
};

/*
 * Open the site for WANTED runners. Each guest runner is tried by booting
 * Linux with a short time limit; SITE_AUTO goes to the lab where none on
 * this host can. Says on stderr what was tried and why.
 */
int site_open(struct site *site, enum site_choice choice,
	      const char *const *wanted, size_t wanted_count, struct err *err);
void site_close(struct site *site);

#endif
