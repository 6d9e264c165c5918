/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SESSION_SITE_H
#define HARNESS_SESSION_SITE_H

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

/* What a run wants of its site. */
struct site_wants {
	enum site_choice choice;
	const char *const *runners;
	size_t runner_count;

	/*
	 * Nobody named the runners: those whose device is absent are left
	 * out without a word, where they would be refused otherwise.
	 */
	bool is_default;
	bool is_micro; /* no boot of the run is of Linux */
	/* Of a trial, and of the run; borrowed; NULL: the usual one. */
	const char *paravirt, *guest_kernel, *sandbox;
	bool needs_iommu;    /* a device is to be handed to guests */
	bool wants_mshv_emu; /* mshv may be the emulator, and is called so */
	const volatile bool *stop; /* borrowed; once true, nothing begins */
};

struct site {
	struct worker_link worker;
	json_t *hello;                         /* owned */
	const char *runners[PLAN_MAX_RUNNERS]; /* borrowed */
	size_t runner_count;
	struct site_refusal refusals[PLAN_MAX_RUNNERS];
	size_t refusal_count;
	bool needs_iommu;          /* of a lab */
	const volatile bool *stop; /* borrowed */
};

/*
 * Open the site. Each guest runner is tried by booting Linux, or the micro
 * guest where it is all that is wanted, with a short time limit; SITE_AUTO goes
 * to the lab, if it is installed, where none on this host can. The lab has no
 * /dev/mshv: there, runner mshv becomes mshv-emu. Says on stderr what was tried and why.
 */
int site_open(struct site *site, const struct site_wants *wants,
	      struct err *err);
void site_close(struct site *site);

/* After the worker was lost: end what is left of it and start another. A lab is
 * another lab then, with a boot id of its own. */
int site_replace_worker(struct site *site, struct err *err);

#endif
