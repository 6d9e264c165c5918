// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/link/agent_job.h"

#include <inttypes.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "runners/link/agent_link.h"
#include "workloads/workload.h"

bool agent_job_has(const char *workload)
{
	const struct workload *wl = workload_find(workload);

	return !wl || !(wl->flags & WL_BY_HOST);
}

static void add_env(struct strbuf *text, const char *key, const char *value)
{
	if (*value)
		strbuf_printf(text, "=%s %s\n", key, value);
}

static void add_envs(const struct bench_case *bc, const struct link_env *env,
		     struct strbuf *text)
{
	add_env(text, "disk", env->disk);
	add_env(text, "peer", env->peer);
	add_env(text, "net_address", env->net_address);
	add_env(text, "net_gateway", env->net_gateway);
	add_env(text, "disk_refusal", env->disk_refusal);
	add_env(text, "disk_failure", env->disk_failure);
	add_env(text, "net_refusal", env->net_refusal);
	add_env(text, "net_failure", env->net_failure);
	strbuf_printf(text, "=io_ns %" PRIu64 "\n", bc->io.io_ns);
	if (bc->stretch_ppm)
		strbuf_printf(text, "=stretch_ppm %" PRIu64 "\n",
			      bc->stretch_ppm);
	if (bench_case_needs(bc, WL_NEEDS_DISK))
		strbuf_printf(text, "=disk_bytes %" PRIu64 "\n",
			      env->disk_bytes);
}

char *agent_job_text(const struct bench_case *bc, const struct link_env *env)
{
	struct strbuf text = {0};
	size_t i;

	if (env)
		add_envs(bc, env, &text);
	for (i = 0; i < bc->item_count; i++) {
		const struct case_item *item = &bc->items[i];

		if (!agent_job_has(item->workload))
			continue;
		strbuf_printf(&text, "%s %s %u %" PRIu64 "\n", item->workload,
			      item->point[0] ? item->point : "-",
			      bc->warmup_count, bc->target_ns);
	}
	return text.str ? text.str : xstrdup("");
}
