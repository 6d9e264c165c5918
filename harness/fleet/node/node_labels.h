/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_NODE_NODE_LABELS_H
#define HARNESS_FLEET_NODE_NODE_LABELS_H

/*
 * node_labels - what a host offers, for the agents that run on every node of a
 * cluster. node-feature-discovery makes labels of a file below features.d
 * ("Customization guide", "Local feature source"); node-problem-detector makes a
 * condition of an exit status and one line ("Custom plugin monitor").
 */
#include <jansson.h>
#include <stddef.h>

struct err;
struct strbuf;

#define NODE_LABELS_FILE \
	"/etc/kubernetes/node-feature-discovery/features.d/l1vh-bench"

/* A label's value has at most 63 characters (Kubernetes, "Labels and
 * Selectors"). */
#define LABEL_VALUE_SIZE 64

/* TEXT as the value of a label: what is neither letter, digit, '-', '_' nor '.'
 * becomes one '-', and both ends are a letter or a digit. May be "". */
const char *label_value(const char *text, char out[LABEL_VALUE_SIZE]);

/* Lines "l1vh-bench/NAME=VALUE" of hostprobe_json() and envinfo_fingerprint(). */
void node_labels_write(const json_t *probe, const json_t *fingerprint,
		       struct strbuf *out);

/* TEXT into PATH at once; "-" is the standard output. The temporary file begins
 * with a dot, because node-feature-discovery reads all others. */
int node_labels_put(const char *path, const struct strbuf *text,
		    struct err *err);

enum node_condition {
	NODE_OK,
	NODE_PROBLEM,
	NODE_UNKNOWN,
};

/* node-problem-detector cuts a longer line (max_output_length). */
#define NODE_CONDITION_SIZE 81

/* Whether the device that KEY of PROBE, "kvm" or "mshv", describes works. */
enum node_condition node_condition_of(const json_t *probe, const char *key,
				      char line[NODE_CONDITION_SIZE]);

#endif
