/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_REFUSALS_H
#define HARNESS_FINDINGS_REFUSALS_H

/*
 * refusals - the missing figures, each reason once with the number of rows: a
 * workload of forty points that needs a device appears once. Notes on existing
 * figures are listed in the same way.
 */
#include <stdbool.h>
#include <stddef.h>

struct model;
struct model_cell;
struct model_row;

struct refusal {
	const struct model_row *row;   /* borrowed, as all: the first one */
	const struct model_cell *cell; /* has reason and number of boots */
	const char *runner;
	size_t alike_count; /* rows of that workload, with this one */
};

/* The next one from place *AT on, which begins at 0; false: no more. */
bool refusals_next(const struct model *m, size_t *at, struct refusal *r);

/* The same for figures with a note; the cell has the note. */
bool notes_next(const struct model *m, size_t *at, struct refusal *note);

/* The text before the reason in "cpu_aes under kvm: no AES (1 boots)". */
const char *refusal_subject(const struct refusal *r, char *buf, size_t size);

#endif
