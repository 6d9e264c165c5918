// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle_load - a bundle as a run in memory, without a store. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle.h"
#include "harness/store/bundle_read.h"
#include "harness/store/run_data.h"

struct slot {
	uint32_t position, block;
	bool has_boot;
};

struct load {
	struct run_data *run;
	struct slot *slots; /* owned; the schedule */
	size_t slot_count, boot_room;
};

static int load_head(void *arg, const struct bundle_head *head, struct err *err)
{
	const struct run_info *info = &head->info;
	struct load *load = arg;
	struct run_data *run = load->run;
	const char *runner;
	size_t i;

	(void)err;
	snprintf(run->uuid, sizeof(run->uuid), "%s", head->uuid);
	run->started_unix_ns = (uint64_t)head->started_unix_ns;
	run->ended_unix_ns = (uint64_t)head->ended_unix_ns;
	run->samples_dropped_unix_ns = (uint64_t)info->samples_dropped_unix_ns;
	run->status = xstrdup(head->status);
	run->seed = info->seed;
	run->revision = xstrdup(info->revision);
	run->is_lab = info->is_lab;
	run->plan = xstrdup(info->plan_json);
	run->fingerprint = xstrdup(info->fingerprint_json);
	run->probe = xstrdup(info->probe_json);
	run->guest_manifest = xstrdup(info->guest_manifest);
	load->slot_count = json_array_size(head->schedule);
	load->slots = xcalloc(load->slot_count + 1, sizeof(*load->slots));
	for (i = 0; i < load->slot_count; i++)
		bundle_schedule_row(head->schedule, i, &load->slots[i].position,
				    &load->slots[i].block, &runner);
	run->scheduled_count = (uint32_t)load->slot_count;
	return 0;
}

static int load_boot(void *arg, uint32_t position, const struct bench_case *bc,
		     struct result *res, struct err *err)
{
	struct load *load = arg;
	struct run_data *run = load->run;

	(void)err;
	if (run->boot_count == load->boot_room) {
		load->boot_room = 2 * load->boot_room + 16;
		run->boots = xrealloc(run->boots, load->boot_room,
				      sizeof(*run->boots));
	}
	/* No store has them. */
	res->boot_id[0] = '\0';
	res->is_oom_killed = false;
	run->boots[run->boot_count++] = (struct boot_data){
		.position = position, .bc = *bc, .res = *res};
	result_init(res);
	return 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_boot_position(const void *a, const void *b)
{
	const struct boot_data *x = a, *y = b;

	return compare_u64(x->position, y->position);
}

static int by_slot_position(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return compare_u64(x->position, y->position);
}

static int by_block(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return compare_u64(x->block, y->block);
}

static int by_time(const void *a, const void *b)
{
	const struct phase *x = a, *y = b;

	return compare_u64(x->mono_ns, y->mono_ns);
}

/* As the store does. */
static int refuse_twins(const struct load *load, struct err *err)
{
	const struct run_data *run = load->run;
	size_t i;

	for (i = 1; i < run->boot_count; i++)
		if (run->boots[i - 1].position == run->boots[i].position)
			return err_set(err, -EPROTO,
				       "two boots have position %u",
				       run->boots[i].position);
	for (i = 1; i < load->slot_count; i++)
		if (load->slots[i - 1].position == load->slots[i].position)
			return err_set(err, -EPROTO,
				       "the schedule has position %u twice",
				       load->slots[i].position);
	return 0;
}

/* Blocks all of whose boots ended. SLOTS are in the order of positions and are sorted
 * anew. */
static void count_blocks(struct load *load)
{
	struct run_data *run = load->run;
	bool is_done = true;
	size_t i, at = 0;

	for (i = 0; i < load->slot_count; i++) {
		while (at < run->boot_count &&
		       run->boots[at].position < load->slots[i].position)
			at++;
		load->slots[i].has_boot =
			at < run->boot_count &&
			run->boots[at].position == load->slots[i].position;
	}
	qsort(load->slots, load->slot_count, sizeof(*load->slots), by_block);
	for (i = 0; i < load->slot_count; i++) {
		is_done = is_done && load->slots[i].has_boot;
		if (i + 1 < load->slot_count &&
		    load->slots[i + 1].block == load->slots[i].block)
			continue;
		run->done_block_count += is_done;
		is_done = true;
	}
}

/* Into the order that run_data_load() gives. */
static int put_in_order(struct load *load, struct err *err)
{
	struct run_data *run = load->run;
	size_t i;
	int ret;

	qsort(load->slots, load->slot_count, sizeof(*load->slots),
	      by_slot_position);
	if (run->boot_count)
		qsort(run->boots, run->boot_count, sizeof(*run->boots),
		      by_boot_position);
	ret = refuse_twins(load, err);
	if (ret)
		return ret;
	for (i = 0; i < run->boot_count; i++) {
		struct result *res = &run->boots[i].res;

		if (res->phase_count)
			qsort(res->phases, res->phase_count,
			      sizeof(*res->phases), by_time);
	}
	count_blocks(load);
	return 0;
}

int bundle_load(int fd, struct run_data *run, struct bundle_facts *facts,
		struct err *err)
{
	static const struct bundle_sink sink = {load_head, load_boot};
	struct load load = {.run = run};
	int ret;

	memset(run, 0, sizeof(*run));
	ret = bundle_read(fd, &sink, &load, facts, err);
	if (!ret)
		ret = put_in_order(&load, err);
	free(load.slots);
	return ret;
}
