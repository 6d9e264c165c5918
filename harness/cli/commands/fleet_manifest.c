// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet manifest - a plan on many nodes, as objects of Kubernetes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/fleet_manifest_args.h"
#include "harness/cli/run_args.h"
#include "harness/fleet/engine/kustomize.h"
#include "harness/fleet/engine/yaml_out.h"

#define NAMES_SHOWN 10

/* --- what is told beside the objects --- */

typedef bool node_test(const struct fleet_manifest *m,
		       const struct listed_node *node);

static bool is_cordoned(const struct fleet_manifest *m,
			const struct listed_node *node)
{
	(void)m;
	return node->is_cordoned;
}

static bool has_no_device(const struct fleet_manifest *m,
			  const struct listed_node *node)
{
	return !node->is_cordoned && !fleet_manifest_includes(m, node);
}

static bool is_not_ready(const struct fleet_manifest *m,
			 const struct listed_node *node)
{
	return !node->is_ready && fleet_manifest_includes(m, node);
}

static bool is_tainted(const struct fleet_manifest *m,
		       const struct listed_node *node)
{
	return fleet_manifest_includes(m, node) &&
	       fleet_manifest_obstacle(m, node);
}

static const struct {
	node_test *test;
	const char *what;
} remarks[] = {
	{is_cordoned, "left out: cordoned nodes"},
	{has_no_device,
	 "left out: nodes that offer neither devices.kubevirt.io/kvm nor /mshv; "
	 "--device none measures them natively"},
	{is_not_ready, "will wait until --deadline: nodes that are not ready"},
	{is_tainted,
	 "will wait until --deadline: nodes with a taint that no --toleration fits"},
};

static void tell_remarks(const struct fleet_manifest *m)
{
	size_t r, i;

	for (r = 0; r < ARRAY_SIZE(remarks); r++) {
		struct strbuf names = {0};
		size_t count = 0;

		for (i = 0; i < m->nodes->count; i++) {
			const struct listed_node *n = &m->nodes->nodes[i];

			if (remarks[r].test(m, n) && count++ < NAMES_SHOWN)
				strbuf_printf(&names, " %s", n->name);
		}
		if (count)
			fprintf(stderr, "%s (%zu):%s%s\n", remarks[r].what,
				count, names.str,
				count > NAMES_SHOWN ? " ..." : "");
		strbuf_release(&names);
	}
}

/* What the shape promises; the caller frees it. */
static char *promise(const struct fleet_manifest *m)
{
	size_t i, count = 0;

	if (!m->nodes)
		return xasprintf(
			"fleet %s: %u runs on nodes that the scheduler chooses; a pod that "
			"ends before all are scheduled frees its node for another, so count "
			"the nodes of the report (--nodes with names guarantees one run per node)",
			m->fleet, m->node_count);
	for (i = 0; i < m->nodes->count; i++)
		count += fleet_manifest_includes(m, &m->nodes->nodes[i]);
	return xasprintf(
		"fleet %s: %u %s on each of %zu nodes, by one %s per node",
		m->fleet, m->run_count, m->run_count == 1 ? "run" : "runs",
		count, m->schedule ? "CronJob" : "Job");
}

/* --- the objects --- */

static int print_object(const char *part, const json_t *object, void *arg,
			struct err *err)
{
	(void)part;
	return yaml_out_write(object, arg, err);
}

/* Nothing is printed that a later mistake would make half of a manifest. */
static int print_manifest(const struct fleet_manifest *m, const char *comment,
			  struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const struct manifest_sink sink = {.take = print_object, .arg = out};
	int ret = fleet_manifest_write(m, &sink, err);

	fclose(out);
	if (!ret) {
		printf("# %s\n", comment);
		fwrite(text, 1, len, stdout);
	}
	free(text);
	return ret;
}

static int write_manifest(const struct fleet_manifest_args *a, struct err *err)
{
	const struct fleet_manifest *m = &a->manifest;
	char *comment = promise(m);
	int ret;

	if (m->nodes)
		tell_remarks(m);
	ret = a->out ? kustomize_write(m, a->out, comment, err)
		     : print_manifest(m, comment, err);
	if (!ret)
		fprintf(stderr, "%s\n", comment);
	free(comment);
	return ret;
}

static int check_any(const struct fleet_manifest *m, struct err *err)
{
	size_t i;

	for (i = 0; m->nodes && i < m->nodes->count; i++)
		if (fleet_manifest_includes(m, &m->nodes->nodes[i]))
			return 0;
	if (!m->nodes)
		return 0;
	tell_remarks(m);
	return err_set(err, -EINVAL, "no node of the list is left");
}

static int fleet_manifest_run(int argc, char **argv)
{
	struct fleet_manifest_args args;
	struct err err = {0};
	int ret = fleet_manifest_args_parse(argc, argv, &args, &err);

	if (!ret)
		ret = run_args_check("the pods'", args.plan_file,
				     args.manifest.run_args,
				     args.manifest.run_arg_count, &err);
	if (!ret)
		ret = check_any(&args.manifest, &err);
	if (!ret)
		ret = write_manifest(&args, &err);
	fleet_manifest_args_release(&args);
	if (!ret)
		return STATUS_OK;
	return complain(ret == -EINVAL || ret == -ENOENT ? STATUS_USAGE
							 : STATUS_INTERNAL,
			"fleet manifest: %s", err.msg);
}

const struct command cmd_fleet_manifest = {
	.name = "manifest",
	.summary = "the fleet as objects of Kubernetes, in YAML",
	.usage =
		"usage: l1vh-bench fleet manifest --fleet NAME --nodes NODES [options]\n"
		"       [-- RUN-OPTIONS]\n"
		"Prints a Job per node, and what stands around them, for `kubectl apply\n"
		"-f -`. What follows -- goes to `run` in the pods.\n",
	.options = fleet_manifest_options,
	.help_column = 26,
	.notes =
		"Remarks on nodes go to standard error. Exit status: 0 printed, 64 usage or\n"
		"input, 70 internal error.\n",
	.run = fleet_manifest_run,
};
