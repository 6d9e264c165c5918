/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ARM_GATE_H
#define HARNESS_FLEET_ARM_GATE_H

/*
 * arm_gate - what must be the same on nodes of one fleet, whatever their arms.
 * Arms differ in how guests run: in hypervisor, partition and modules, and in
 * the one tag that makes an Azure VM an L1VH host. Whatever else could change a
 * figure must not differ: size, CPU, microcode, kernel, and image.
 */
#include <stdbool.h>

#include "harness/verdict/comparable.h"

struct err;

/*
 * The groups of a plan's key `match`, "size,cpu,microcode,kernel,image": nodes
 * must agree in those alone. "" is all of them. -EINVAL for an unknown one.
 */
int arm_gate_check(const char *groups, struct err *err);

struct arm_gate {
	const char *groups; /* borrowed; a text as above */
	/* All that is compared has the fact "os". A container cannot read it of
	 * its node; where one lacks it, nobody can say that they differ, and
	 * readers must know. */
	bool knows_os;
};

/* A difference_class_fn of a struct arm_gate. */
enum difference_class arm_gate_class(const char *key, const void *gate);

#endif
