/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_RUN_FACTS_H
#define HARNESS_FINDINGS_RUN_FACTS_H

/* run_facts - everything in which two runs can differ, under one name each. */
#include <jansson.h>
#include <stdbool.h>

/*
 * FINGERPRINT and PLAN are stored texts; one that is not an object counts as
 * empty. The fingerprint's keys as they are, the plan's as "plan.KEY", "guest"
 * and "lab". The caller owns the object.
 */
json_t *run_facts(const char *fingerprint, const char *plan,
		  const char *guest_manifest, bool is_lab);

/* The text of KEY, which is FACTS's; "": there is none. FACTS may be NULL. */
const char *run_fact(const json_t *facts, const char *key);

#endif
