// SPDX-License-Identifier: GPL-3.0-or-later
/* Lists of nodes, settings of a fleet, and the runs of its nodes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/fleet/arm_gate.h"
#include "harness/fleet/engine/manifest.h"
#include "harness/fleet/engine/node_list.h"
#include "harness/fleet/engine/sbatch.h"
#include "harness/fleet/fleet.h"
#include "tests/fuzz/fuzz.h"

static int take_none(const char *part, const json_t *object, void *arg,
		     struct err *err)
{
	(void)part;
	(void)arg;
	(void)err;
	if (!json_is_object(object))
		abort();
	return 0;
}

static void check_nodes(const struct node_list *list)
{
	struct fleet_manifest m = {.fleet = "f",
				   .space = "s",
				   .image = "i",
				   .version = "v",
				   .nodes = list,
				   .run_count = 1,
				   .cpu = "1",
				   .memory = "1Gi",
				   .results_size = "1Gi",
				   .token_secret = "t",
				   .tokens_secret = "t",
				   .storage = "1Gi"};
	const struct manifest_sink sink = {take_none, NULL};
	struct err err;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct listed_node *n = &list->nodes[i];

		if (!name_is_subdomain(n->name) ||
		    (i && strcmp(n[-1].name, n->name) >= 0) ||
		    !name_is_label_value(n->arm))
			abort();
		fleet_manifest_obstacle(&m, n);
	}
	fleet_manifest_write(&m, &sink, &err);
}

static void fuzz_node_list(const uint8_t *data, size_t size)
{
	struct node_list list = {0};
	struct err err;
	FILE *in;

	if (!size)
		return;
	in = fmemopen((void *)data, size, "r");
	if (!in)
		abort();
	if (!node_list_read(in, &list, &err))
		check_nodes(&list);
	node_list_release(&list);
	fclose(in);
}

/* A list for Slurm, and values of a script: what is taken has no character that a
 * shell would act on. */
static void fuzz_sbatch(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *list = NULL;
	struct sbatch s = {.fleet = "f",
			   .node_count = 3,
			   .constraint = text,
			   .arm = size & 1 ? text : NULL,
			   .partition = size & 2 ? text : NULL,
			   .run_count = 1,
			   .results = "/r",
			   .version = "v"};
	struct err err;

	if (!sbatch_nodes_read(text, &list, &err) &&
	    strpbrk(list, " $`'\"\\;&|<>()\n"))
		abort();
	if (!sbatch_check(&s, &err) && strpbrk(text, " $`'\"\\;<>\n"))
		abort();
	free(list);
	free(text);
}

static void fuzz_names(const uint8_t *data, size_t size)
{
	struct fleet_manifest m = {.fleet = "f"};
	char *text = strndup((const char *)data, size);
	char job[NODE_LABEL_MAX + 1];
	struct err err;

	name_is_label_value(text);
	arm_gate_check(text, &err);
	if (name_is_subdomain(text)) {
		fleet_manifest_job_name(&m, text, job);
		if (!name_is_label(job, NODE_LABEL_MAX))
			abort();
	}
	free(text);
}

/* Three runs whose stored texts are parts of the input. */
static void fuzz_fleet(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *at = text;
	struct fleet_boot boot = {.runner = "native",
				  .workload = "w",
				  .point = "p",
				  .unit = "ns",
				  .median = 5};
	struct fleet f;
	int i;

	fleet_init(&f, "f");
	for (i = 0; i < 4; i++) {
		char *fingerprint = strsep(&at, "\n"),
		     *plan = strsep(&at, "\n");
		const struct fleet_run_info info = {
			.id = i + 1,
			.uuid = &"uuid0uuid1uuid2uuid3"[i * 5],
			.status = i == 3 ? "failed" : "complete",
			.fingerprint = fingerprint ? fingerprint : "{}",
			.plan = plan ? plan : "{}",
			.guest_manifest = "",
			.started_unix_ns = (uint64_t)i * NS_PER_S};

		if (!fleet_add_run(&f, &info))
			continue;
		for (boot.block = 0; boot.block < 2; boot.block++)
			fleet_add_boot(&f, &boot);
	}
	fleet_finish(&f);
	for (i = 0; i < NODE_STATE_COUNT; i++)
		fleet_state_count(&f, (enum node_state)i);
	fleet_release(&f);
	free(text);
}

const struct fuzz_target targets_fleet[] = {
	{.name = "node_list",
	 .run = fuzz_node_list,
	 .max_bytes = 512,
	 .dictionary = "fleet"},
	{.name = "sbatch",
	 .run = fuzz_sbatch,
	 .max_bytes = 96,
	 .dictionary = "fleet"},
	{.name = "names",
	 .run = fuzz_names,
	 .max_bytes = 280,
	 .dictionary = "fleet"},
	{.name = "fleet",
	 .run = fuzz_fleet,
	 .max_bytes = 512,
	 .dictionary = "fleet"},
	{0},
};
