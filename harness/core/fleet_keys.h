/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_FLEET_KEYS_H
#define HARNESS_CORE_FLEET_KEYS_H

/* fleet_keys - where a run's fingerprint says which node of a fleet it is of, see
 * place.h. A run outside of fleets has none of these keys. */
#define FLEET_NAME "fleet.name"
#define FLEET_NODE "fleet.node"
#define FLEET_ARM "fleet.arm"
#define FLEET_INDEX "fleet.index"
#define FLEET_ATTEMPT "fleet.attempt"
#define FLEET_JOB "fleet.job"
#define FLEET_ENGINE "fleet.engine"
#define FLEET_SIZE "fleet.size"
#define FLEET_POD "fleet.pod"

#endif
