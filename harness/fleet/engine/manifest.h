/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ENGINE_MANIFEST_H
#define HARNESS_FLEET_ENGINE_MANIFEST_H

/*
 * manifest - a fleet as objects of Kubernetes (batch/v1, apps/v1 and their like,
 * as of 1.33). Two shapes:
 *
 * With the names of the nodes: one Indexed Job per node, whose pods only that
 * node can take. The Job is the record of its node: it starts no second pod
 * while one runs, a retry stays on the node, and a node that never ran has a Job
 * that did not complete.
 *
 * With their number alone: one Indexed Job, whose pods keep off each other's
 * nodes while they run. A pod that ends early frees its node for another, so
 * this shape promises less.
 *
 * Pure: it reads no file and no clock, and the same settings give the same
 * objects.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/fleet/engine/node_list.h"

struct err;

#define FLEET_NAME_MAX 32
#define MANIFEST_MAX_PAIRS 16
#define MANIFEST_SERVE "l1vh-bench-serve"

/* Which device of a hypervisor a pod asks its node for. */
enum fleet_device {
	FLEET_DEVICE_AUTO, /* what the node offers, mshv before kvm */
	FLEET_DEVICE_KVM,
	FLEET_DEVICE_MSHV,
	FLEET_DEVICE_NONE,
};

struct manifest_pair {
	const char *key, *value;
};

struct manifest_pairs {
	struct manifest_pair list[MANIFEST_MAX_PAIRS];
	size_t count;
};

struct manifest_toleration {
	const char *key, *value; /* value NULL: any */
	const char *effect;
};

/* Texts are borrowed; NULL where one is not wanted, unless it says otherwise. */
struct fleet_manifest {
	const char *fleet, *space, *image; /* never NULL */
	const char *version;               /* of this program; never NULL */
	const char *arm;                   /* of nodes without their own */
	const struct node_list *nodes;     /* NULL: node_count of any name */
	uint32_t node_count, run_count, retry_count;
	uint64_t deadline_ns, ttl_ns, hold_ns; /* 0: none */
	const char *schedule, *time_zone;      /* CronJobs in place of Jobs */

	enum fleet_device device;
	bool has_no_vhost_net;
	const char *cpu, *memory, *results_size; /* quantities; never NULL */
	const char *results_claim, *storage_class;
	uint32_t device_group; /* 0: none */
	const char *pull_secret;
	struct manifest_pairs selector, annotations;
	struct manifest_toleration tolerations[MANIFEST_MAX_PAIRS];
	size_t toleration_count;
	bool tolerates_all, is_privileged, has_imds, has_no_space;

	const char *push_url;          /* NULL: the own dashboard, or nowhere */
	const char *token_secret;      /* never NULL */
	const char *token, *plan, *ca; /* contents of files */
	const char *const *run_args;   /* for `run`; run_arg_count of them */
	size_t run_arg_count;

	bool has_serve;
	const char *tokens_secret; /* never NULL */
	const char *tokens;        /* contents of the file */
	const char *storage;       /* quantity; never NULL */
	const char *store_secret;
	const char *monitor_space; /* Prometheus' namespace */
};

/* Where objects go, in the order in which a cluster needs them. PART names the
 * file that an object belongs in, without ".yaml". */
struct manifest_sink {
	int (*take)(const char *part, const json_t *object, void *arg,
		    struct err *err);
	void *arg;
};

/* -EINVAL: the settings contradict each other, two nodes would get one name, or
 * a text is not UTF-8; else what the sink answers. */
int fleet_manifest_write(const struct fleet_manifest *m,
			 const struct manifest_sink *sink, struct err *err);

/*
 * The name of the node's Job: FLEET-NODE. Dots become dashes, since the pods'
 * host names are DNS labels; what is changed or too long ends in eight digits of
 * the SHA-256 of the node's name.
 */
void fleet_manifest_job_name(const struct fleet_manifest *m, const char *node,
			     char name[NODE_LABEL_MAX + 1]);

/* The device that NODE's pod asks for ("kvm", "mshv"), NULL for none. With
 * FLEET_DEVICE_AUTO and details *IS_LEFT_OUT says that the node has neither;
 * without details it is kvm. NODE NULL: any. */
const char *fleet_manifest_device(const struct fleet_manifest *m,
				  const struct listed_node *node,
				  bool *is_left_out);

/* The first taint of NODE that keeps its pod away for good; NULL: none. */
const struct node_taint *fleet_manifest_obstacle(
	const struct fleet_manifest *m, const struct listed_node *node);

/* Whether NODE gets a Job: it is not cordoned, and it has a device. */
bool fleet_manifest_includes(const struct fleet_manifest *m,
			     const struct listed_node *node);

/* What the runs on NODE are told of their arm; "": nothing. NODE may be NULL. */
const char *fleet_manifest_arm(const struct fleet_manifest *m,
			       const struct listed_node *node);

/* How many nodes of ARM should run. */
size_t fleet_manifest_size(const struct fleet_manifest *m, const char *arm);

/* How long a pod must live for all COUNT to be scheduled while it does. A
 * scheduler of Kubernetes 1.35 on two busy cores placed 2,000 in 165 s. */
uint64_t fleet_manifest_hold_ns(uint32_t count);

#endif
