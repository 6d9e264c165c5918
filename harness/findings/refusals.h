/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_REFUSALS_H
#define HARNESS_FINDINGS_REFUSALS_H

/*
 * refusals - what has no figure, each reason once with how much it stands
 * for: a workload of forty points that needs a device is refused once. And
 * notes on figures that there are, in the same way.
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

/* The same of figures that a reader must know something of: the cell has the
 * note. */
bool notes_next(const struct model *m, size_t *at, struct refusal *note);

/* "cpu_aes under kvm: no AES (1 boots)" has this in front of its reason. */
const char *refusal_subject(const struct refusal *r, char *buf, size_t size);

#endif
