/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_FLEET_KEYS_H
#define REPORTS_DATA_FLEET_KEYS_H

/* fleet_keys - where a run's fingerprint says which node of a fleet it is of.
 * A run outside of fleets has none of these keys. */
#define FLEET_NAME "fleet.name"
#define FLEET_NODE "fleet.node"
#define FLEET_ARM "fleet.arm"
#define FLEET_INDEX "fleet.index"
#define FLEET_ATTEMPT "fleet.attempt"
#define FLEET_ENGINE "fleet.engine"

#endif
