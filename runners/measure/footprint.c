// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/measure/footprint.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/thread.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/shape.h"
#include "runners/measure/cgroup.h"
#include "runners/measure/mem_reading.h"
#include "runners/measure/watch.h"
#include "runners/site/shape_site.h"

#define STACK_BYTES (512 * KIB)

struct process_reading {
	char role[16];
	char name[32]; /* as the kernel has it */
	uint64_t values[PROC_VALUE_COUNT];
};

/* Of one guest at one moment. */
struct guest_reading {
	bool is_taken;
	struct process_reading processes[WATCH_MAX_PROCESSES];
	size_t process_count;
	uint64_t cgroup[CGROUP_VALUE_COUNT];
};

struct guest {
	struct footprint *fp; /* borrowed */
	pthread_t thread;
	bool has_thread;
	struct cgroup cgroup;
	struct shape_site site;
	struct watch watch;
	struct result own;  /* of all guests but the first */
	struct result *res; /* borrowed */
	struct guest_reading readings[WATCH_MOMENT_COUNT];
};

/* Guests wait for each other at each moment; the last one reads the whole
 * host's memory. */
struct footprint {
	footprint_machine_fn *run;
	const void *ctx;
	const struct bench_case *bc;
	struct shape shape;
	struct guest guests[SHAPE_MAX_COPIES];
	size_t guest_count;
	char cgroup_refusal[200];
	uint64_t baseline[HOST_VALUE_COUNT];
	uint64_t host[WATCH_MOMENT_COUNT][HOST_VALUE_COUNT];
	bool has_host[WATCH_MOMENT_COUNT];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t alive, arrived; /* under the lock, as all below */
	unsigned int round;
	enum watch_moment moment;
};

static void all_have_come(struct footprint *fp)
{
	host_values_settle(fp->host[fp->moment]);
	fp->has_host[fp->moment] = true;
	fp->arrived = 0;
	fp->round++;
	pthread_cond_broadcast(&fp->changed);
}

static void gather(struct footprint *fp, enum watch_moment moment)
{
	unsigned int round;

	pthread_mutex_lock(&fp->lock);
	fp->moment = moment;
	round = fp->round;
	if (++fp->arrived == fp->alive)
		all_have_come(fp);
	while (round == fp->round)
		pthread_cond_wait(&fp->changed, &fp->lock);
	pthread_mutex_unlock(&fp->lock);
}

/* A guest that has ended is not waited for. */
static void leave(struct footprint *fp)
{
	pthread_mutex_lock(&fp->lock);
	if (--fp->alive && fp->arrived == fp->alive)
		all_have_come(fp);
	pthread_mutex_unlock(&fp->lock);
}

static void read_process(struct process_reading *p,
			 const struct watch_process *of, uint64_t ram_bytes)
{
	bool is_vmm = !strcmp(of->role, "vmm");
	char path[64];

	snprintf(p->role, sizeof(p->role), "%s", of->role);
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)of->pid);
	file_first_line(path, p->name, sizeof(p->name));
	text_clean(p->name);
	proc_values_read(of->pid, is_vmm ? ram_bytes : 0, p->values);
}

/* A charge that lacks one of the processes is none. */
static void read_charge(struct guest *g, const struct watch_process *processes,
			size_t count, uint64_t values[CGROUP_VALUE_COUNT])
{
	struct footprint *fp = g->fp;
	struct cgroup none = {.procs_fd = -1};
	size_t i;

	for (i = 0; i < count; i++)
		if (g->cgroup.path[0] &&
		    !cgroup_holds(&g->cgroup, processes[i].pid))
			break;
	if (i < count) {
		pthread_mutex_lock(&fp->lock);
		snprintf(fp->cgroup_refusal, sizeof(fp->cgroup_refusal),
			 "the process of %s is in another cgroup",
			 processes[i].role);
		pthread_mutex_unlock(&fp->lock);
	}
	cgroup_read(i < count ? &none : &g->cgroup, values);
}

static void look_at_moment(void *arg, enum watch_moment moment,
			   const struct watch_process *processes, size_t count)
{
	struct guest *g = arg;
	struct guest_reading *r = &g->readings[moment];
	size_t i;

	for (i = 0; i < count && i < WATCH_MAX_PROCESSES; i++)
		read_process(&r->processes[i], &processes[i],
			     g->fp->shape.ram_bytes);
	r->process_count = i;
	read_charge(g, processes, count, r->cgroup);
	r->is_taken = true;
	gather(g->fp, moment);
}

static void *run_guest(void *arg)
{
	struct guest *g = arg;
	const struct footprint *fp = g->fp;

	fp->run(fp->ctx, fp->bc, &g->site, &g->watch, g->res);
	leave(g->fp);
	return NULL;
}

/* A machine may go without a cgroup of its own, but not without a limit. */
static int prepare_guest(struct footprint *fp, struct guest *g,
			 struct result *res, struct err *err)
{
	const struct mem_limits *limits = &fp->bc->limits;
	int ret;

	g->fp = fp;
	g->res = res;
	g->watch = (struct watch){.at = look_at_moment,
				  .arg = g,
				  .procs_fd = -1,
				  .has_memlock = limits->has_memlock,
				  .memlock_bytes = limits->memlock_bytes};
	ret = cgroup_create(&g->cgroup, err);
	if (!ret && limits->cgroup_bytes)
		ret = cgroup_limit(&g->cgroup, limits->cgroup_bytes, err);
	if (ret && limits->cgroup_bytes)
		return ret;
	if (ret)
		snprintf(fp->cgroup_refusal, sizeof(fp->cgroup_refusal),
			 "%.199s", err->msg);
	else
		g->watch.procs_fd = g->cgroup.procs_fd;
	return shape_site_open(&g->site, &fp->shape, &fp->bc->io, err);
}

static int open_guests(struct footprint *fp, struct result *res,
		       struct err *err)
{
	int ret = 0;

	while (!ret && fp->guest_count < fp->shape.copy_count) {
		struct guest *g = &fp->guests[fp->guest_count++];

		result_init(&g->own);
		g->own.grade = res->grade;
		ret = prepare_guest(fp, g, g == fp->guests ? res : &g->own,
				    err);
	}
	return ret;
}

/* Memory under a limit is not a guest's cost. */
static bool is_limited(const struct mem_limits *limits)
{
	return limits->cgroup_bytes || limits->has_memlock || limits->locks_ram;
}

/* The remaining charge when no process is left in the cgroup. */
static void read_ends(struct footprint *fp)
{
	size_t i;

	for (i = 0; i < fp->guest_count; i++) {
		struct guest_reading *r = &fp->guests[i].readings[WATCH_GONE];

		cgroup_read(&fp->guests[i].cgroup, r->cgroup);
		r->is_taken = true;
	}
	if (is_limited(&fp->bc->limits))
		host_values_read(fp->host[WATCH_GONE]);
	else
		host_values_return(fp->host[WATCH_GONE], fp->baseline);
	fp->has_host[WATCH_GONE] = true;
}

static int run_guests(struct footprint *fp, struct err *err)
{
	int ret = 0;
	size_t i;

	host_values_settle(fp->baseline);
	fp->alive = fp->guest_count;
	for (i = 0; i < fp->guest_count && !ret; i++) {
		struct guest *g = &fp->guests[i];

		ret = thread_start(&g->thread, STACK_BYTES, run_guest, g);
		g->has_thread = !ret;
	}
	if (ret)
		err_sys(err, ret, "cannot start a thread");
	/* Those that never began are not waited for either. */
	for (; ret && i <= fp->guest_count; i++)
		leave(fp);
	for (i = 0; i < fp->guest_count; i++)
		if (fp->guests[i].has_thread)
			pthread_join(fp->guests[i].thread, NULL);
	read_ends(fp);
	return ret;
}

static void close_guests(struct footprint *fp)
{
	size_t i;

	for (i = 0; i < fp->guest_count; i++) {
		cgroup_destroy(&fp->guests[i].cgroup);
		shape_site_close(&fp->guests[i].site);
		result_release(&fp->guests[i].own);
	}
}

/* What the kernel does not say is null, never a number. */
static json_t *value_json(uint64_t value)
{
	return value == UINT64_MAX ? json_null()
				   : json_integer((json_int_t)value);
}

static json_t *host_json(const uint64_t values[HOST_VALUE_COUNT])
{
	json_t *o = json_object();
	int i;

	for (i = 0; i < HOST_VALUE_COUNT; i++)
		json_object_set_new(o, host_value_name((enum host_value)i),
				    value_json(values[i]));
	return o;
}

static json_t *cgroup_json(const uint64_t values[CGROUP_VALUE_COUNT])
{
	json_t *o = json_object();
	int i;

	for (i = 0; i < CGROUP_VALUE_COUNT; i++)
		json_object_set_new(o, cgroup_value_name((enum cgroup_value)i),
				    value_json(values[i]));
	json_object_set_new(o, "unreclaimable",
			    value_json(cgroup_unreclaimable(values)));
	return o;
}

static json_t *process_json(const struct process_reading *p)
{
	json_t *o = json_pack("{s:s, s:s}", "role", p->role, "name", p->name);
	int i;

	for (i = 0; i < PROC_VALUE_COUNT; i++)
		json_object_set_new(o, proc_value_name((enum proc_value)i),
				    value_json(p->values[i]));
	return o;
}

static json_t *guests_json(const struct footprint *fp, int moment)
{
	json_t *list = json_array();
	size_t i, k;

	for (i = 0; i < fp->guest_count; i++) {
		const struct guest_reading *r = &fp->guests[i].readings[moment];
		json_t *processes;

		if (!r->is_taken)
			continue;
		processes = json_array();
		for (k = 0; k < r->process_count; k++)
			json_array_append_new(processes,
					      process_json(&r->processes[k]));
		json_array_append_new(list, json_pack("{s:o, s:o}", "processes",
						      processes, "cgroup",
						      cgroup_json(r->cgroup)));
	}
	return list;
}

static json_t *moments_json(const struct footprint *fp)
{
	json_t *o = json_object();
	int i;

	json_object_set_new(
		o, "baseline",
		json_pack("{s:o}", "host", host_json(fp->baseline)));
	for (i = 0; i < WATCH_MOMENT_COUNT; i++)
		if (fp->has_host[i])
			json_object_set_new(
				o, watch_moment_name((enum watch_moment)i),
				json_pack("{s:o, s:o}", "host",
					  host_json(fp->host[i]), "guests",
					  guests_json(fp, i)));
	return o;
}

static json_t *footprint_json(const struct footprint *fp)
{
	const struct shape *s = &fp->shape;
	const struct mem_limits *l = &fp->bc->limits;
	const struct cgroup *cg = &fp->guests[0].cgroup;

	return json_pack(
		"{s:{s:I, s:i, s:i, s:i, s:i, s:i}, s:{s:o, s:o, s:b}, s:i, s:s, s:o}",
		"shape", "ram_bytes", (json_int_t)s->ram_bytes, "vcpu_count",
		(int)s->vcpu_count, "disk_count", (int)s->disk_count,
		"nic_count", (int)s->nic_count, "device_count",
		(int)s->device_count, "copy_count", (int)s->copy_count,
		"limits", "cgroup_bytes",
		l->cgroup_bytes ? value_json(l->cgroup_bytes) : json_null(),
		"memlock_bytes",
		l->has_memlock ? value_json(l->memlock_bytes) : json_null(),
		"locks_ram", l->locks_ram, "cgroup_version",
		!cg->path[0] ? 0
		: cg->is_v2  ? 2
			     : 1,
		"cgroup_refusal", fp->cgroup_refusal, "moments",
		moments_json(fp));
}

/* Beside what the guest itself said, where it came so far. */
static void add_document(const struct footprint *fp, struct result *res)
{
	const struct case_item *item = &fp->bc->items[0];
	json_t *all = NULL;
	char *text;
	size_t i;

	for (i = 0; i < res->document_count; i++) {
		struct document *d = &res->documents[i];

		if (!strcmp(d->workload, item->workload))
			break;
	}
	if (i < res->document_count)
		all = json_loads(res->documents[i].text, 0, NULL);
	if (!all)
		all = json_object();
	json_object_set_new(all, "footprint", footprint_json(fp));
	text = json_dumps(all, JSON_COMPACT);
	if (text && i < res->document_count) {
		free(res->documents[i].text);
		res->documents[i].text = text;
		text = NULL;
	} else if (text) {
		result_add_document(res, item->workload, item->point, text);
	}
	free(text);
	json_decref(all);
}

enum cost { COST_CHARGED, COST_RSS, COST_PSS, COST_PAGE_TABLES, COST_COUNT };

static const char *const cost_metrics[] = {
	[COST_CHARGED] = "charged",
	[COST_RSS] = "beside_rss",
	[COST_PSS] = "beside_pss",
	[COST_PAGE_TABLES] = "pagetables",
};

/* In bytes, of one guest; UINT64_MAX: not known. */
static uint64_t cost_of(const struct guest_reading *r, enum cost cost)
{
	static const enum proc_value map[] = {[COST_RSS] = PROC_RSS,
					      [COST_PSS] = PROC_PSS,
					      [COST_PAGE_TABLES] =
						      PROC_PAGE_TABLES};
	uint64_t guest = 0, sum = 0;
	size_t i;

	for (i = 0; i < r->process_count; i++) {
		const uint64_t *values = r->processes[i].values;

		if (values[PROC_GUEST_RSS] == UINT64_MAX ||
		    values[map[cost]] == UINT64_MAX)
			return UINT64_MAX;
		guest += values[PROC_GUEST_RSS];
		sum += values[map[cost]];
	}
	if (cost == COST_PAGE_TABLES) {
		if (r->cgroup[CGROUP_SEC_PAGETABLES] != UINT64_MAX)
			sum += r->cgroup[CGROUP_SEC_PAGETABLES];
		return sum;
	}
	if (cost == COST_CHARGED)
		sum = cgroup_unreclaimable(r->cgroup);
	return sum == UINT64_MAX || sum < guest ? UINT64_MAX : sum - guest;
}

static void add_cost(const struct footprint *fp, enum cost cost,
		     struct result *res)
{
	const struct case_item *item = &fp->bc->items[0];
	uint64_t sum = 0, value;
	struct series *series;
	char point[64];
	size_t i;

	for (i = 0; i < fp->guest_count; i++) {
		value = cost_of(&fp->guests[i].readings[WATCH_TOUCHED], cost);
		if (value == UINT64_MAX)
			return;
		sum += value;
	}
	snprintf(point, sizeof(point), "%s/%s", item->point,
		 cost_metrics[cost]);
	series = result_add_series(res, item->workload, point, "bytes");
	series_add_sample(series)->value =
		(double)sum / (double)fp->guest_count;
}

static void add_costs(const struct footprint *fp, struct result *res)
{
	const struct case_item *item = &fp->bc->items[0];
	struct series *series;
	char point[64];
	int i;

	for (i = 0; i < COST_COUNT; i++)
		add_cost(fp, (enum cost)i, res);
	if (!fp->cgroup_refusal[0])
		return;
	snprintf(point, sizeof(point), "%s/%s", item->point,
		 cost_metrics[COST_CHARGED]);
	series = result_add_series(res, item->workload, point, "bytes");
	series->status = RUN_SKIPPED;
	snprintf(series->reason, sizeof(series->reason), "%s",
		 fp->cgroup_refusal);
}

static bool all_touched(const struct footprint *fp)
{
	size_t i;

	for (i = 0; i < fp->guest_count; i++)
		if (!fp->guests[i].readings[WATCH_TOUCHED].is_taken)
			return false;
	return fp->guest_count > 0;
}

static bool was_killed_for_memory(const struct guest *g)
{
	const struct guest_reading *r = &g->readings[WATCH_GONE];

	return r->is_taken && r->cgroup[CGROUP_OOM_KILLS] != UINT64_MAX &&
	       r->cgroup[CGROUP_OOM_KILLS] > 0;
}

/* One that failed leaves its cause, and whether memory was it. */
static void judge_fit(const struct footprint *fp, struct result *res)
{
	size_t i;

	for (i = 0; i < fp->guest_count; i++) {
		const struct guest *g = &fp->guests[i];

		if (was_killed_for_memory(g)) {
			/* Of all that it was the cause of, the cause. */
			res->status = RUN_OK;
			res->is_oom_killed = true;
			result_fail(
				res, RUN_RUNNER_FAILED,
				"the kernel killed it: out of its cgroup's memory");
			return;
		}
		if (i && g->own.status != RUN_OK)
			result_fail(res, g->own.status, "guest %zu of %zu: %s",
				    i + 1, fp->guest_count, g->own.reason);
	}
}

void footprint_run(footprint_machine_fn *run, const void *ctx,
		   const struct bench_case *bc, struct result *res)
{
	struct footprint *fp = xcalloc(1, sizeof(*fp));
	struct err err = {0};
	int ret;

	fp->run = run;
	fp->ctx = ctx;
	fp->bc = bc;
	pthread_mutex_init(&fp->lock, NULL);
	pthread_cond_init(&fp->changed, NULL);
	ret = shape_parse(bc->items[0].point, &fp->shape, &err);
	if (!ret)
		ret = open_guests(fp, res, &err);
	if (!ret)
		ret = run_guests(fp, &err);
	if (ret) {
		result_fail(res, RUN_SKIPPED, "%s", err.msg);
	} else {
		judge_fit(fp, res);
		add_document(fp, res);
		if (is_limited(&bc->limits))
			result_drop_series(res);
		else if (res->status == RUN_OK && all_touched(fp))
			add_costs(fp, res);
	}
	close_guests(fp);
	pthread_cond_destroy(&fp->changed);
	pthread_mutex_destroy(&fp->lock);
	free(fp);
}
