/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_QUALIFY_QUALIFY_STEPS_H
#define HARNESS_QUALIFY_QUALIFY_STEPS_H

/*
 * qualify_steps - what a qualification consists of: one table of steps, each a
 * command of this program or of a VMM that is there, with its share of the time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qualification;
struct step;

/* What is here, and what was asked for. */
struct qualify_site {
	const char *folder; /* where files are left */
	uint64_t budget_ns; /* of the whole */
	bool is_emulated;   /* mshv is the emulator */
	bool has_mshv;      /* the device, or the emulator's own needs */
	bool has_kvm;
	bool has_guest; /* the guest image was built */
	bool asks_imds;
};

/* Looks for devices, programs and the guest image. */
void qualify_site_init(struct qualify_site *site, const char *folder,
		       uint64_t budget_ns, bool is_emulated);

/* All steps with their limits; those that have nothing to try here are skipped
 * already. */
void qualify_steps_add(const struct qualify_site *site,
		       struct qualification *q);

/*
 * The words of step I, for what has been found so far, NULL-terminated; for
 * qualify_words_free(). SECONDS: what it may take. NULL, and the step is
 * skipped with its reason: an earlier step is what it stands on.
 */
char **qualify_step_words(const struct qualify_site *site,
			  struct qualification *q, size_t i, uint64_t seconds);
void qualify_words_free(char **words);

/* The step's limit now, of LEFT_NS: no more than later steps can spare, but its
 * share in any case; 0: there is no time left. */
uint64_t qualify_step_limit(const struct qualify_site *site,
			    const struct qualification *q, size_t i,
			    uint64_t left_ns);

/* What step I came to: its exit status and output are in place. IS_LATE: it was
 * ended at its limit. */
void qualify_step_judge(const struct qualify_site *site,
			struct qualification *q, size_t i, bool is_late);

/* The file that step I leaves in the folder; NULL: none, or its output. */
const char *qualify_step_file(size_t i);

#endif
