/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_CLAIMS_H
#define HARNESS_FLEET_FLEET_CLAIMS_H

/* fleet_claims - the claims that were registered with a fleet's runs. */
#include <jansson.h>
#include <stdbool.h>

struct claims;
struct fleet;

/* REGISTERED is of the plan of a run that counts; NULL: it has none. */
void fleet_claims_take(struct fleet *f, const json_t *registered);

/* Those of all runs that count, which belong to F; NULL: some runs have none, or
 * others. */
const struct claims *fleet_claims(const struct fleet *f);

/* Whether every run that counts has CLAIMS, and a key `match` in its plan. */
bool fleet_claims_are_registered(const struct fleet *f,
				 const struct claims *claims);

#endif
