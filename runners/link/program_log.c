// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/link/program_log.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/io_doc.h"
#include "harness/core/metric.h"
#include "harness/core/result.h"
#include "runners/vmm/event.h"
#include "workloads/micro/micro_points.h"
#include "workloads/workload.h"

/* fio's has half a MiB where each bin of its histograms is used. A guest may write
 * what takes a hundred times its own size to be read, and have it stored. */
#define MAX_OUTPUT_BYTES (2u * MIB)
#define MAX_ALL_OUTPUT_BYTES (32u * MIB)
#define MAX_VALUES 200000u
#define MAX_COUNTS 4096u
#define MAX_EXITS MIB
/* The VMM keeps at most this many exits of a series. */
#define MAX_EACH 2048u
/* As for samples; a round trip more each way for the messages about it. */
#define CLOCK_TOLERANCE 0.005
#define ROUND_TRIPS 4
static const char emulated_note[] =
	"the hypervisor emulates ring 0 here, instruction by instruction";

void program_log_release(struct program_log *log)
{
	size_t i;

	for (i = 0; i < log->entry_count; i++)
		strbuf_release(&log->entries[i].output);
	free(log->entries);
	free(log->counts);
	free(log->exits);
	memset(log, 0, sizeof(*log));
}

static bool is_of_shape(const char *workload)
{
	const struct workload *wl = workload_find(workload);

	return wl && (wl->flags & WL_SHAPE);
}

const char *program_main_metric(const char *workload)
{
	const struct workload *wl = workload_find(workload);

	if (wl && wl->main_metric)
		return wl->main_metric;
	if (!strcmp(workload, "storage_verify"))
		return "verified";
	return is_of_shape(workload) ? "charged" : "p50";
}

static struct program_entry *last(struct program_log *log)
{
	return &log->entries[log->entry_count - 1];
}

void program_log_open(struct program_log *log, const char *workload,
		      const char *point)
{
	struct program_entry *e;

	log->entries = xrealloc(log->entries, log->entry_count + 1,
				sizeof(*log->entries));
	e = &log->entries[log->entry_count++];
	memset(e, 0, sizeof(*e));
	snprintf(e->workload, sizeof(e->workload), "%s", workload);
	snprintf(e->point, sizeof(e->point), "%s", point);
	log->is_open = true;
}

int program_log_mark(struct program_log *log, const char *text)
{
	struct program_entry *e;
	uint32_t number;

	if (!log->is_open)
		return -EPROTO;
	e = last(log);
	if (sscanf(text, "begin %" SCNu32, &number) == 1 && !e->has_begun) {
		e->has_begun = true;
		e->number = number;
		host_meter_read(&log->meter, &e->before);
		return 0;
	}
	/* Nothing to do but to answer: the agent times this one. */
	if (!strcmp(text, "ping") && e->has_begun && !e->begin_ns) {
		e->begin_ns = clock_mono_ns();
		return 0;
	}
	if (e->has_begun && e->begin_ns && !e->has_ended &&
	    sscanf(text,
		   "end %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &number, &e->elapsed_ns, &e->user_ns, &e->system_ns,
		   &e->round_trip_ns, &e->clock_ps, &e->timeofday_ps) == 7 &&
	    number == e->number) {
		e->host_elapsed_ns = clock_mono_ns() - e->begin_ns;
		e->has_ended = true;
		host_meter_read(&log->meter, &e->after);
		return 0;
	}
	return -EPROTO;
}

int program_log_output(struct program_log *log, const char *bytes, size_t len)
{
	if (!log->is_open || !last(log)->has_ended)
		return -EPROTO;
	if (last(log)->output.len + len > MAX_OUTPUT_BYTES ||
	    log->output_bytes + len > MAX_ALL_OUTPUT_BYTES)
		return -EFBIG;
	log->output_bytes += len;
	strbuf_add(&last(log)->output, bytes, len);
	return 0;
}

int program_log_end(struct program_log *log, const char *text)
{
	if (!last(log)->has_ended || strcmp(text, "1"))
		return -EPROTO;
	last(log)->is_complete = true;
	log->is_open = false;
	return 0;
}

void program_log_drop(struct program_log *log)
{
	strbuf_release(&last(log)->output);
	log->entry_count--;
	log->is_open = false;
}

void program_log_count(struct program_log *log, const struct event *e)
{
	struct program_count *c;

	if (log->count_count == MAX_COUNTS)
		return;
	log->counts = xrealloc(log->counts, log->count_count + 1,
			       sizeof(*log->counts));
	c = &log->counts[log->count_count++];
	*c = (struct program_count){.number = e->number, .value = e->count};
	snprintf(c->name, sizeof(c->name), "%s", e->name);
}

void program_log_each(struct program_log *log, const struct event *e)
{
	struct program_exit x = {.number = e->number};
	const char *text = e->text;
	uint64_t ns;

	while (log->exit_count < MAX_EXITS && event_next_ns(&text, &ns)) {
		x.handled_ns = (uint32_t)ns;
		if (!(log->exit_count & (log->exit_count - 1)))
			log->exits =
				xrealloc(log->exits, 2 * log->exit_count + 1,
					 sizeof(*log->exits));
		log->exits[log->exit_count++] = x;
	}
}

/* What was counted between start and end under names that begin with PREFIX
 * and end with SUFFIX. */
static uint64_t counted(const struct program_log *log,
			const struct program_entry *e, const char *prefix,
			const char *suffix)
{
	uint64_t before = 0, after = 0;
	size_t i;

	for (i = 0; i < log->count_count; i++) {
		const struct program_count *c = &log->counts[i];
		size_t len = strlen(c->name);

		if (strncmp(c->name, prefix, strlen(prefix)) ||
		    len < strlen(suffix) ||
		    strcmp(c->name + len - strlen(suffix), suffix))
			continue;
		if (c->number == 2 * e->number)
			before += c->value;
		else if (c->number == 2 * e->number + 1)
			after += c->value;
	}
	return after > before ? after - before : 0;
}

static bool has_counts(const struct program_log *log,
		       const struct program_entry *e)
{
	size_t i;

	for (i = 0; i < log->count_count; i++)
		if (log->counts[i].number == 2 * e->number + 1)
			return true;
	return false;
}

static bool sees_machine(const struct program_entry *e)
{
	return e->before.has_machine && e->after.has_machine;
}

/* CPU time of everything that worked for the program, itself included. */
static double cost_s(const struct program_log *log,
		     const struct program_entry *e)
{
	double ns = (double)e->after.machine_ns - (double)e->before.machine_ns;

	if (!sees_machine(e))
		return NAN;
	/* A kernel thread that ended takes its time with it. */
	if (e->after.vhost_ns > e->before.vhost_ns)
		ns += (double)(e->after.vhost_ns - e->before.vhost_ns);
	if (e->after.kernel_ns > e->before.kernel_ns)
		ns += (double)(e->after.kernel_ns - e->before.kernel_ns);
	if (log->is_native)
		ns += (double)(e->user_ns + e->system_ns);
	return ns / NS_PER_S;
}

static bool clocks_disagree(const struct program_entry *e)
{
	double gap = fabs((double)e->host_elapsed_ns - (double)e->elapsed_ns);

	return gap > (double)e->elapsed_ns * CLOCK_TOLERANCE +
			     ROUND_TRIPS * (double)e->round_trip_ns;
}

static struct series *add_series(struct result *res,
				 const struct program_entry *e,
				 const char *metric)
{
	char point[64];
	const struct metric *m;

	snprintf(point, sizeof(point), "%s/%s", e->point, metric);
	m = metric_of_point(point);
	return result_add_series(res, e->workload, point, m->unit);
}

static void refuse_metric(struct result *res, const struct program_entry *e,
			  const char *metric, enum run_status status,
			  const char *reason)
{
	series_refuse(add_series(res, e, metric), status, reason);
}

static void add_value(struct result *res, const struct program_entry *e,
		      const char *metric, double value)
{
	struct sample *s;
	char why[64];

	/* What a program counts none of has no such figure. */
	if (!isfinite(value))
		return;
	if (value < 0) {
		snprintf(why, sizeof(why), "it would be %g, which cannot be",
			 value);
		refuse_metric(res, e, metric, RUN_WORKLOAD_FAILED, why);
		return;
	}
	s = series_add_sample(add_series(res, e, metric));
	s->section = e->number;
	s->elapsed_ns = e->elapsed_ns;
	s->host_elapsed_ns = e->host_elapsed_ns;
	s->disturbances = clocks_disagree(e) ? DISTURBED_CLOCKS : 0;
	s->value = value;
}

static void refuse_entry(struct result *res, const struct program_entry *e,
			 enum run_status status, const char *reason)
{
	refuse_metric(res, e, program_main_metric(e->workload), status, reason);
}

/* Per GIB and per 1000 operations; NAN where a program counted none. */
static void add_costs(const struct program_log *log,
		      const struct program_entry *e, double gib, double kop,
		      struct result *res)
{
	static const char why[] =
		"not measurable: the hypervisor schedules the vCPUs, and the"
		" host does not see their CPU time";
	double cost = cost_s(log, e);

	if (sees_machine(e)) {
		add_value(res, e, "cpu_per_gib", cost / gib);
		add_value(res, e, "cpu_per_kop", cost / kop);
		return;
	}
	if (gib > 0)
		refuse_metric(res, e, "cpu_per_gib", RUN_SKIPPED, why);
	if (kop > 0)
		refuse_metric(res, e, "cpu_per_kop", RUN_SKIPPED, why);
}

static void add_kvm(const struct program_entry *e, double ops,
		    struct result *res)
{
	static const char *const names[] = {
		[KVM_STAT_EXITS] = "exits",
		[KVM_STAT_HALT_EXITS] = "halts",
		[KVM_STAT_IRQ_EXITS] = "host_irqs",
	};
	size_t i;

	for (i = 0; i < KVM_STAT_COUNT; i++)
		if (e->before.kvm[i] != UINT64_MAX &&
		    e->after.kvm[i] != UINT64_MAX)
			add_value(res, e, names[i],
				  ((double)e->after.kvm[i] -
				   (double)e->before.kvm[i]) /
					  ops);
}

/* The VMM's intervals; and their sum against the time that the guest's own
 * clock gave DOC. */
static void add_exits(const struct program_log *log,
		      const struct program_entry *e, const struct io_doc *doc,
		      struct result *res)
{
	double sum_ns = (double)counted(log, e, "run_ns", "");
	struct io_doc all = {.bin_count = 0}, sorted = {.bin_count = 0};
	size_t i;

	all.bins = xcalloc(log->exit_count + 1, sizeof(*all.bins));

	for (i = 0; i < log->exit_count; i++)
		if (log->exits[i].number == e->number) {
			sum_ns += log->exits[i].handled_ns;
			all.bins[all.bin_count++] = (struct io_bin){
				.ns = log->exits[i].handled_ns, .count = 1};
		}
	io_doc_add_bins(&sorted, &all);
	add_value(res, e, "vmm_p50", io_doc_quantile(&sorted, 0.5));
	add_value(res, e, "vmm_p99", io_doc_quantile(&sorted, 0.99));
	if (sum_ns > 0 && all.bin_count < MAX_EACH)
		add_value(res, e, "ledger_gap",
			  fabs(sum_ns - doc->span_ns) / doc->span_ns);
	io_doc_release(&all);
	io_doc_release(&sorted);
}

static void add_per_op(const struct program_log *log,
		       const struct program_entry *e, const struct io_doc *doc,
		       struct result *res)
{
	double ops = doc->op_count;
	/* The first disk is the one that is worked on. */
	const char *device =
		strncmp(e->workload, "storage", 7) ? "net0." : "blk0.";

	add_kvm(e, ops, res);
	if (!has_counts(log, e))
		return;
	add_value(res, e, "vmm_exits",
		  (double)counted(log, e, "exit.", "") / ops);
	add_value(res, e, "vmm_ns",
		  (double)counted(log, e, "handled_ns.", "") / ops);
	add_exits(log, e, doc, res);
	/* What the kernel's vhost does is not seen by the VMM. */
	if (!counted(log, e, device, ".requests"))
		return;
	add_value(res, e, "doorbells",
		  (double)counted(log, e, device, ".doorbells") / ops);
	add_value(res, e, "interrupts",
		  (double)counted(log, e, device, ".interrupts") / ops);
}

static void add_metrics(const struct program_log *log,
			const struct program_entry *e, const struct io_doc *doc,
			struct result *res)
{
	bool has_both = doc->op_count > 0 && isfinite(doc->byte_count);

	if (doc->op_count > 0)
		add_value(res, e, "iops", doc->ops_per_s);
	add_value(res, e, "bandwidth", doc->bytes_per_s);
	add_value(res, e, "p50", io_doc_quantile(doc, 0.5));
	add_value(res, e, "cycles",
		  io_doc_quantile(doc, 0.5) * doc->tsc_khz / 1e6);
	add_value(res, e, "p99", io_doc_quantile(doc, 0.99));
	add_value(res, e, "p999", io_doc_quantile(doc, 0.999));
	add_value(res, e, "loss", doc->loss_ratio);
	add_value(res, e, "verified", doc->verified_bytes);
	add_costs(log, e, doc->byte_count / GIB,
		  has_both ? doc->op_count / 1000 : NAN, res);
	/* The micro guest has its own clock, which needs no call. */
	if (e->clock_ps)
		add_value(res, e, "clock", (double)e->clock_ps / 1000);
	if (doc->op_count > 0)
		add_per_op(log, e, doc, res);
}

/* What a reader must know of the series of a point, from FIRST on. */
static void add_note(struct result *res, size_t first, const char *note)
{
	for (; first < res->series_count; first++)
		snprintf(res->series[first].reason,
			 sizeof(res->series[first].reason), "%s", note);
}

/* Where a thread has ended, and taken its time with it, the difference of sums is
 * nothing that anything used. */
static void set_used(json_t *out, const char *key, uint64_t before_ns,
		     uint64_t after_ns)
{
	if (after_ns >= before_ns)
		json_object_set_new(
			out, key,
			json_integer((json_int_t)(after_ns - before_ns)));
}

static json_t *reading_json(const struct host_reading *before,
			    const struct host_reading *after)
{
	json_t *out = json_object();

	if (before->has_machine && after->has_machine)
		set_used(out, "machine_cpu_ns", before->machine_ns,
			 after->machine_ns);
	if (before->has_threads && after->has_threads) {
		set_used(out, "vhost_cpu_ns", before->vhost_ns,
			 after->vhost_ns);
		set_used(out, "kernel_cpu_ns", before->kernel_ns,
			 after->kernel_ns);
	}
	return out;
}

static json_t *counts_json(const struct program_log *log,
			   const struct program_entry *e)
{
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < log->count_count; i++) {
		const struct program_count *c = &log->counts[i];

		if (c->number == 2 * e->number + 1)
			json_object_set_new(out, c->name,
					    json_integer((json_int_t)counted(
						    log, e, c->name, "")));
	}
	return out;
}

static json_t *exits_json(const struct program_log *log,
			  const struct program_entry *e)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < log->exit_count; i++)
		if (log->exits[i].number == e->number)
			json_array_append_new(
				out, json_integer(log->exits[i].handled_ns));
	return out;
}

static void add_document(const struct program_log *log,
			 const struct program_entry *e, json_t *output,
			 struct result *res)
{
	json_t *o =
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:O}",
			  "elapsed_ns", (json_int_t)e->elapsed_ns,
			  "host_elapsed_ns", (json_int_t)e->host_elapsed_ns,
			  "program_user_ns", (json_int_t)e->user_ns,
			  "program_system_ns", (json_int_t)e->system_ns,
			  "round_trip_ns", (json_int_t)e->round_trip_ns,
			  "clock_gettime_ps", (json_int_t)e->clock_ps,
			  "gettimeofday_ps", (json_int_t)e->timeofday_ps,
			  "host", reading_json(&e->before, &e->after), "counts",
			  counts_json(log, e), "output", output);
	char *text;

	if (log->net_backend[0] && !strncmp(e->workload, "network", 7))
		json_object_set_new(o, "network_backend",
				    json_string(log->net_backend));
	if (log->exit_count)
		json_object_set_new(o, "handled_ns", exits_json(log, e));
	text = json_dumps(o, JSON_COMPACT);
	result_add_document(res, e->workload, e->point, text ? text : "{}");
	free(text);
	json_decref(o);
}

/* At most so many, before any is made: each begins behind one of these. */
static bool has_too_many_values(const struct strbuf *text)
{
	size_t i, count = 0;

	for (i = 0; i < text->len && count <= MAX_VALUES; i++)
		count += text->str[i] == '{' || text->str[i] == '[' ||
			 text->str[i] == ',';
	return count > MAX_VALUES;
}

static void finish_one(const struct program_log *log,
		       const struct program_entry *e, struct result *res)
{
	json_t *output;
	struct io_doc doc;
	struct err err;

	if (has_too_many_values(&e->output)) {
		refuse_entry(res, e, RUN_WORKLOAD_FAILED,
			     "the program printed more than 200000 values");
		return;
	}
	output = json_loadb(strbuf_str(&e->output), e->output.len,
			    JSON_DISABLE_EOF_CHECK, NULL);
	if (!json_is_object(output)) {
		refuse_entry(res, e, RUN_WORKLOAD_FAILED,
			     "the program printed no JSON");
		json_decref(output);
		return;
	}
	add_document(log, e, output, res);
	/* There the host has measured, and not the program. */
	if (is_of_shape(e->workload)) {
		json_decref(output);
		return;
	}
	if (io_doc_read(e->workload, output, &doc, &err)) {
		refuse_entry(res, e, RUN_WORKLOAD_FAILED, err.msg);
	} else if (doc.byte_count <= 0) {
		refuse_entry(res, e, RUN_VOID, "no bytes were moved");
		io_doc_release(&doc);
	} else {
		size_t first = res->series_count;

		add_metrics(log, e, &doc, res);
		if (doc.ring0_slowdown > MICRO_EMULATED_SLOWDOWN)
			add_note(res, first, emulated_note);
		io_doc_release(&doc);
	}
	json_decref(output);
}

void program_log_finish(struct program_log *log, struct result *res)
{
	size_t i;

	for (i = 0; i < log->entry_count; i++) {
		if (log->entries[i].is_complete)
			finish_one(log, &log->entries[i], res);
		else
			refuse_entry(res, &log->entries[i], RUN_RUNNER_FAILED,
				     "the machine ended while the program ran");
	}
}
