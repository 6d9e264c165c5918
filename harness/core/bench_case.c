// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/bench_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"

void bench_case_release(struct bench_case *bc)
{
	free(bc->items);
	memset(bc, 0, sizeof(*bc));
}

void bench_case_add(struct bench_case *bc, const char *workload,
		    const char *point)
{
	struct case_item *item;

	bc->items = xrealloc(bc->items, bc->item_count + 1, sizeof(*bc->items));
	item = &bc->items[bc->item_count++];
	memset(item, 0, sizeof(*item));
	snprintf(item->workload, sizeof(item->workload), "%s", workload);
	snprintf(item->point, sizeof(item->point), "%s", point);
}

json_t *bench_case_to_json(const struct bench_case *bc)
{
	json_t *items = json_array();
	size_t i;

	for (i = 0; i < bc->item_count; i++)
		json_array_append_new(items,
				      json_pack("{s:s, s:s}", "workload",
						bc->items[i].workload, "point",
						bc->items[i].point));
	return json_pack("{s:s, s:i, s:i, s:I, s:s, s:i, s:i, s:I, s:I, s:o}",
			 "runner", bc->runner, "block", (int)bc->block,
			 "vcpu_count", (int)bc->vcpu_count, "ram_bytes",
			 (json_int_t)bc->ram_bytes, "paravirt", bc->paravirt,
			 "warmup_count", (int)bc->warmup_count, "sample_count",
			 (int)bc->sample_count, "target_ns",
			 (json_int_t)bc->target_ns, "timeout_ns",
			 (json_int_t)bc->timeout_ns, "items", items);
}

int bench_case_from_json(const json_t *json, struct bench_case *bc,
			 struct err *err)
{
	const char *runner, *paravirt, *workload, *point;
	json_int_t ram, target, timeout;
	int block, vcpus, warmup, samples;
	json_t *items, *item;
	size_t i;

	memset(bc, 0, sizeof(*bc));
	if (json_unpack((json_t *)json,
			"{s:s, s:i, s:i, s:I, s:s, s:i, s:i, s:I, s:I, s:o}",
			"runner", &runner, "block", &block, "vcpu_count",
			&vcpus, "ram_bytes", &ram, "paravirt", &paravirt,
			"warmup_count", &warmup, "sample_count", &samples,
			"target_ns", &target, "timeout_ns", &timeout, "items",
			&items))
		return err_set(err, -EPROTO, "a case is not well formed");
	snprintf(bc->runner, sizeof(bc->runner), "%s", runner);
	snprintf(bc->paravirt, sizeof(bc->paravirt), "%s", paravirt);
	bc->block = (uint32_t)block;
	bc->vcpu_count = (uint32_t)vcpus;
	bc->ram_bytes = (uint64_t)ram;
	bc->warmup_count = (uint32_t)warmup;
	bc->sample_count = (uint32_t)samples;
	bc->target_ns = (uint64_t)target;
	bc->timeout_ns = (uint64_t)timeout;
	json_array_foreach(items, i, item) {
		if (json_unpack(item, "{s:s, s:s}", "workload", &workload,
				"point", &point)) {
			bench_case_release(bc);
			return err_set(err, -EPROTO,
				       "a case's series is not well formed");
		}
		bench_case_add(bc, workload, point);
	}
	return 0;
}
