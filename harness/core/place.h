/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_PLACE_H
#define HARNESS_CORE_PLACE_H

/*
 * place - the node of a fleet on which a run was made. A pod or a Slurm job is
 * told its place by environment variables (the manifest's downward API, Slurm);
 * the run keeps them in its fingerprint.
 *
 *   L1VH_FLEET          fleet.name           the fleet
 *   L1VH_NODE           fleet.node           the node's name
 *   L1VH_ARM            fleet.arm            nested, l1vh, metal, or another word
 *   L1VH_INDEX          fleet.index          of the run on its node, from 0
 *   L1VH_ATTEMPT        fleet.attempt        the pod's UID, or the Slurm job
 *   L1VH_JOB            fleet.job            what was submitted at once; another each night
 *   L1VH_ENGINE         fleet.engine         kubernetes or slurm
 *   L1VH_FLEET_SIZE     fleet.size           nodes of this arm that should run
 *   L1VH_INSTANCE_TYPE  node.instance_type
 *   L1VH_ZONE           node.zone
 *   L1VH_REGION         node.region
 *   L1VH_IMAGE          l1vh.image           the container image, as it was asked for
 *
 * Where SLURM_JOB_ID is set, Slurm's own variables stand in for the node, the
 * index, the attempt, the job and the engine. An empty variable counts as absent.
 */
#include <jansson.h>
#include <stdbool.h>

/*
 * Put the place into FINGERPRINT, an object of texts. "host" becomes the node's
 * name, so that a node keeps its history under every pod; the pod's own name is
 * "fleet.pod" then. In the lab "host" stays, because the lab's machine measured.
 * "node.boot_id" tells a renamed node, and "clock.synchronised" a clock that
 * nobody sets. Without any of the variables nothing changes.
 */
void place_put(json_t *fingerprint, bool is_lab);

/* What imds_get() answered, as "azure.vm_size", "azure.tag.NAME" and so on. */
void place_put_azure(json_t *fingerprint, const json_t *imds);

/* The value of one fleet key, "fleet.node", of the environment; NULL: absent.
 * The caller frees it. */
char *place_value(const char *key);

#endif
