/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_QUALIFY_QUALIFICATION_H
#define HARNESS_QUALIFY_QUALIFICATION_H

/*
 * qualification - what one node was found to be able to do: the steps that were
 * taken, what each came to, and what they left behind. A plain record, that can be
 * written and read again after any step.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum step_status {
	STEP_WAITING, /* its turn has not come */
	STEP_RUNNING, /* it has begun; in a file: it took the node with it */
	STEP_OK,
	STEP_FINDING, /* it failed, which is what it was there to show */
	STEP_LATE,    /* it was ended at its limit */
	STEP_SKIPPED, /* nothing here to try; the finding says why */
	STEP_STATUS_COUNT,
};

const char *step_status_name(enum step_status status); /* "finding" */

struct step {
	char *name;    /* "boot-mshv"; owned, as all */
	char *title;   /* "boot Linux in our VMM on /dev/mshv" */
	char *command; /* as one would type it; "" for none */
	enum step_status status;
	uint64_t limit_ns;
	uint64_t elapsed_ns; /* 0: it was not begun */
	int exit_status;     /* -1: killed, or not begun */
	char *finding;       /* one line, why it is not OK; "" */
	char *output;        /* the last of what it printed */
};

/* A file that a step left behind, or a run as an exported file. */
struct exhibit {
	char *name;  /* "selftest.json" */
	char *bytes; /* owned */
	size_t len;
};

struct qualification {
	char *host;     /* "Linux 6.12.0 on Intel Xeon 8573C" */
	char *revision; /* of this program */
	bool is_emulated;
	uint64_t started_unix_ns;
	uint64_t ended_unix_ns; /* 0: it has not ended, or was cut off */
	uint64_t budget_ns;
	struct step *steps; /* owned, in their order */
	size_t step_count;
	struct exhibit *exhibits; /* owned */
	size_t exhibit_count;
};

void qualification_init(struct qualification *q);
void qualification_release(struct qualification *q);

struct step *qualification_add_step(struct qualification *q, const char *name,
				    const char *title);
const struct step *qualification_step(const struct qualification *q,
				      const char *name); /* NULL: none */
/* BYTES are copied; one of the same name is replaced. */
void qualification_add_exhibit(struct qualification *q, const char *name,
			       const void *bytes, size_t len);

/* Texts are copied; FINDING is made one line of plain text. */
void step_end(struct step *s, enum step_status status, const char *finding);

size_t qualification_done_count(const struct qualification *q);

/*
 * "This node can run guests under /dev/mshv: ...", "... cannot ..., because ...".
 * What is not known yet is said too. Into BUF; returns it.
 */
const char *qualification_sentence(const struct qualification *q, char *buf,
				   size_t size);

/* Whether guests run under /dev/mshv, and nothing was found. */
bool qualification_is_clean(const struct qualification *q);
bool qualification_can_run(const struct qualification *q);
bool qualification_cannot_run(const struct qualification *q); /* it is known */

/*
 * One object, for files; the caller owns it. The other way -EPROTO for one that
 * is none, or not well formed; Q is to be released in any case.
 */
json_t *qualification_to_json(const struct qualification *q);
int qualification_from_json(const json_t *o, struct qualification *q,
			    struct err *err);

#endif
