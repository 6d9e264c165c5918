/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_NODE_NODE_H
#define HARNESS_FLEET_NODE_NODE_H

/*
 * node - one node's part in a fleet: the program of a pod or a Slurm task. It
 * measures in a child process, so that a crash or the kernel's memory killer
 * leaves somebody to deliver what had ended; then it delivers. Its rescue runs
 * beside it (a native sidecar) and does the same where all of it was killed.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness/fleet/node/delivery.h"
#include "harness/fleet/node/node_labels.h"

struct err;
struct outbox;

struct node_task {
	const char *folder;     /* of results, see outbox.h */
	const char *const *run; /* options of `l1vh-bench run`, to a NULL */

	/* NULL: nothing is delivered. The first is for what earlier attempts
	 * left: it must not wait. */
	const struct delivery *brief, *patient;

	uint64_t hold_ns; /* live at least so long */
	const volatile bool *stop;

	/* A file that is written to if it is there: Kubernetes shows it
	 * (terminationMessagePath). */
	const char *message_file;
};

/* What became of it, as node-problem-detector takes it: NODE_OK measured and
 * delivered, NODE_PROBLEM boots or claims failed, NODE_UNKNOWN not measured, or
 * not delivered. */
struct node_report {
	enum node_condition condition;
	char text[512]; /* one line */
	char uuid[40];  /* of the run; "": there is none */
	bool is_usage;  /* `run` did not take its options */
};

/* Measure, deliver, hold. */
void node_measure(const struct node_task *task, struct node_report *report);

/*
 * Once the node's processes have to end: wait for them to be gone, at most
 * WAIT_NS, and deliver what they left.
 */
void node_rescue(const struct node_task *task, uint64_t wait_ns,
		 struct node_report *report);

#endif
