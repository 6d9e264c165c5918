/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_ARMS_H
#define HARNESS_FLEET_FLEET_ARMS_H

/*
 * fleet_arms - which nodes are alike. The arm is what the user called it; else
 * l1vh or root by the partition, nested under any hypervisor, metal under none.
 */
#include <jansson.h>
#include <stdbool.h>

#include "harness/verdict/comparable.h"

struct fleet;

/*
 * Forms the arms of F's nodes. The facts of an arm are those of most of its
 * nodes; a node that differs from them in what must be the same is left out, as
 * NODE_UNLIKE, and its values with it.
 */
void fleet_arms_form(struct fleet *f);

/* The arm of a run with those facts; borrowed from them, or static. */
const char *fleet_arm_of(const json_t *facts);

/* Whether an arm's runs are wanted. */
bool fleet_arm_is_chosen(const struct fleet *f, const char *name);

/* Whether nothing differs that must be the same. */
bool fleet_are_alike(const struct fleet *f, const json_t *a, const json_t *b);

/* In what two arms differ, by arm_gate.h; for differences_release(). Without
 * nodes that ran in one of them there are none. */
void fleet_arms_compare(const struct fleet *f, size_t a, size_t b,
			struct differences *d);

int fleet_find_arm(const struct fleet *f, const char *name); /* -1: none */

#endif
