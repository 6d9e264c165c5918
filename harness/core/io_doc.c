// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/io_doc.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/io_range.h"

#define MAX_BINS 100000u

/* A guest may say anything: what is absent or below zero was not moved. */
static bool is_amount(double value)
{
	return isfinite(value) && value >= 0;
}

static int add_bins(struct io_doc *doc, json_t *bins)
{
	size_t more = json_object_size(bins);
	const char *key;
	json_t *value;

	if (more > MAX_BINS - doc->bin_count)
		return -EPROTO;
	if (more)
		doc->bins = xrealloc(doc->bins, doc->bin_count + more,
				     sizeof(*doc->bins));
	json_object_foreach(bins, key, value) {
		struct io_bin *b;
		char *end;

		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return -EPROTO;
		b = &doc->bins[doc->bin_count++];
		b->ns = strtod(key, &end);
		b->count = (uint64_t)json_integer_value(value);
		if (*end || end == key || !isfinite(b->ns) || b->ns < 0)
			return -EPROTO;
	}
	return 0;
}

static int compare_bins(const void *a, const void *b)
{
	double x = ((const struct io_bin *)a)->ns;
	double y = ((const struct io_bin *)b)->ns;

	return (x > y) - (x < y);
}

static void sort_bins(struct io_doc *doc)
{
	if (doc->bin_count)
		qsort(doc->bins, doc->bin_count, sizeof(*doc->bins),
		      compare_bins);
}

void io_doc_add_bins(struct io_doc *to, const struct io_doc *from)
{
	if (!from->bin_count)
		return;
	to->bins = xrealloc(to->bins, to->bin_count + from->bin_count,
			    sizeof(*to->bins));
	memcpy(to->bins + to->bin_count, from->bins,
	       from->bin_count * sizeof(*from->bins));
	to->bin_count += from->bin_count;
	sort_bins(to);
}

/* What workloads/storage.c asks for. */
#define FIO_CLOCK "clock_gettime"

/* One direction of an fio job. What it did not do has zeros. */
static int add_fio_part(struct io_doc *doc, const json_t *job, const char *name)
{
	const json_t *part = json_object_get(job, name);
	double ops = io_number_at(part, "total_ios");
	double bytes = io_number_at(part, "io_bytes");
	double iops = io_number_at(part, "iops");
	double rate = io_number_at(part, "bw_bytes");

	if (!is_amount(ops) || !is_amount(bytes) || !is_amount(iops) ||
	    !is_amount(rate))
		return -EPROTO;
	doc->op_count += ops;
	doc->byte_count += bytes;
	doc->ops_per_s += iops;
	doc->bytes_per_s += rate;
	return 0;
}

static json_t *fio_bins(const json_t *job, const char *name)
{
	return json_object_get(
		json_object_get(json_object_get(job, name), "lat_ns"), "bins");
}

/* Runs of before it was asked for do not have it. */
static const char *fio_clock(const json_t *output)
{
	const json_t *options = json_object_get(output, "global options");
	const json_t *clock = json_object_get(options, "clocksource");

	return clock ? json_string_value(clock) ?: "?" : FIO_CLOCK;
}

static int read_fio(const json_t *output, struct io_doc *doc, struct err *err)
{
	const json_t *job = json_array_get(json_object_get(output, "jobs"), 0);
	json_t *sync = fio_bins(job, "sync");
	double error = io_number_at(job, "error");
	int ret;

	if (!(error == 0.0))
		return err_set(err, -EPROTO,
			       job ? "fio's job failed with error %.0f"
				   : "fio printed no job",
			       error);
	if (strcmp(fio_clock(output), FIO_CLOCK) != 0)
		return err_set(err, -EPROTO,
			       "fio was to time with %s and had %.32s",
			       FIO_CLOCK, fio_clock(output));
	if (io_range_fio(job, "read", err) || io_range_fio(job, "write", err))
		return -EPROTO;
	ret = add_fio_part(doc, job, "read");
	if (!ret)
		ret = add_fio_part(doc, job, "write");
	/* If a sync follows every write, the job waits for the sync. */
	if (!ret && json_object_size(sync))
		ret = add_bins(doc, sync);
	else if (!ret)
		ret = add_bins(doc, fio_bins(job, "read"))
			      ?: add_bins(doc, fio_bins(job, "write"));
	return ret ? err_set(err, ret, "cannot parse fio's output") : 0;
}

static int read_fio_verify(const json_t *output, struct io_doc *doc,
			   struct err *err)
{
	const json_t *job = json_array_get(json_object_get(output, "jobs"), 0);
	int ret = read_fio(output, doc, err);

	if (ret)
		return ret;
	doc->verified_bytes = io_number_at(job, "read.io_bytes");
	if (doc->verified_bytes != io_number_at(job, "write.io_bytes"))
		return err_set(err, -EPROTO,
			       "fio wrote %.0f bytes and read back %.0f",
			       io_number_at(job, "write.io_bytes"),
			       doc->verified_bytes);
	return 0;
}

static int read_iperf(const json_t *output, struct io_doc *doc, struct err *err)
{
	const json_t *error = json_object_get(output, "error");
	const json_t *end = json_object_get(output, "end");
	double sent = io_number_at(end, "sum_received.packets");

	if (error)
		return err_set(err, -EPROTO, "iperf3 says: %s",
			       json_string_value(error) ?: "an error");
	if (io_range_iperf(end, err))
		return -EPROTO;
	doc->byte_count = io_number_at(end, "sum_received.bytes");
	doc->bytes_per_s =
		io_number_at(end, "sum_received.bits_per_second") / 8;
	/* TCP tells of no packets. */
	if (sent > 0)
		doc->loss_ratio =
			io_number_at(end, "sum_received.lost_packets") / sent;
	if (!is_amount(doc->byte_count) || !is_amount(doc->bytes_per_s))
		return err_set(err, -EPROTO, "cannot parse iperf3's output");
	return 0;
}

static double bins_count(const struct io_doc *doc)
{
	double count = 0;
	size_t i;

	for (i = 0; i < doc->bin_count; i++)
		count += (double)doc->bins[i].count;
	return count;
}

static int read_rr(const json_t *output, struct io_doc *doc, struct err *err)
{
	const json_t *rr = json_object_get(output, "rr");
	double ns = io_number_at(rr, "elapsed_ns");
	double bytes = io_number_at(rr, "request_bytes");
	double lost = io_number_at(rr, "lost_count");

	doc->op_count = io_number_at(rr, "count");
	if (!is_amount(doc->op_count) || !is_amount(bytes) || !(ns > 0) ||
	    !is_amount(lost) ||
	    add_bins(doc,
		     json_object_get(json_object_get(rr, "lat_ns"), "bins")))
		return err_set(err, -EPROTO,
			       "cannot parse the client's output");
	if (bins_count(doc) > doc->op_count)
		return err_set(
			err, -EPROTO,
			"the client counted %.0f answers, but timed %.0f",
			doc->op_count, bins_count(doc));
	doc->ops_per_s = doc->op_count / ns * 1e9;
	doc->byte_count = 2 * bytes * doc->op_count;
	doc->bytes_per_s = doc->byte_count / ns * 1e9;
	if (doc->op_count + lost > 0)
		doc->loss_ratio = lost / (doc->op_count + lost);
	return 0;
}

static int add_cycles(struct io_doc *doc, const json_t *cycles,
		      double ns_per_cycle)
{
	size_t i;

	doc->bins = xcalloc(json_array_size(cycles) + 1, sizeof(*doc->bins));
	for (i = 0; i < json_array_size(cycles); i++) {
		const json_t *c = json_array_get(cycles, i);

		if (!json_is_integer(c) || json_integer_value(c) < 0)
			return -EPROTO;
		doc->bins[doc->bin_count++] = (struct io_bin){
			.ns = (double)json_integer_value(c) * ns_per_cycle,
			.count = 1};
	}
	return 0;
}

/* A sample is REPEAT operations; its share of each is the figure. */
static int read_micro(const json_t *output, struct io_doc *doc, struct err *err)
{
	const json_t *micro = json_object_get(output, "micro");
	const json_t *cycles = json_object_get(micro, "cycles");
	double repeat = io_number_at(micro, "repeat");
	double khz = io_number_at(micro, "tsc_khz");

	if (khz == 0)
		return err_set(err, -EPROTO,
			       "the rate of the guest's TSC is unknown");
	if (!(repeat >= 1) || !(khz > 0) || !json_array_size(cycles) ||
	    json_array_size(cycles) > MAX_BINS ||
	    add_cycles(doc, cycles, 1e6 / khz / repeat))
		return err_set(err, -EPROTO,
			       "cannot parse the micro guest's samples");
	doc->tsc_khz = khz;
	/* Only the guest has rings to compare, see compare_rings() there. */
	if (io_number_at(micro, "ring") == 0)
		doc->ring0_slowdown = io_number_at(micro, "ring0_cycles") /
				      io_number_at(micro, "ring3_cycles");
	doc->span_ns = io_number_at(micro, "span_cycles") / khz * 1e6;
	doc->op_count = repeat * (double)json_array_size(cycles);
	doc->ops_per_s = doc->bytes_per_s = doc->byte_count = NAN;
	return 0;
}

static const struct {
	const char *workload;
	int (*read)(const json_t *output, struct io_doc *doc, struct err *err);
} readers[] = {
	{"passthrough", read_fio},  {"passthrough_virtio", read_fio},
	{"storage", read_fio},      {"storage_verify", read_fio_verify},
	{"network", read_iperf},    {"network_rr", read_rr},
	{"micro_exit", read_micro}, {"micro_cpu", read_micro},
	{"micro_walk", read_micro}, {"micro_clock", read_micro},
};

int io_doc_read(const char *workload, const json_t *output, struct io_doc *doc,
		struct err *err)
{
	size_t i;
	int ret = err_set(err, -EPROTO, "no parser for the output of '%s'",
			  workload);

	*doc = (struct io_doc){.tsc_khz = NAN,
			       .ring0_slowdown = NAN,
			       .loss_ratio = NAN,
			       .verified_bytes = NAN};
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		if (!strcmp(readers[i].workload, workload))
			ret = readers[i].read(output, doc, err);
	if (ret)
		io_doc_release(doc);
	else
		sort_bins(doc);
	return ret;
}

void io_doc_release(struct io_doc *doc)
{
	free(doc->bins);
	doc->bins = NULL;
	doc->bin_count = 0;
}

double io_doc_quantile(const struct io_doc *doc, double q)
{
	uint64_t total = 0, seen = 0;
	size_t i;

	for (i = 0; i < doc->bin_count; i++)
		total += doc->bins[i].count;
	for (i = 0; i < doc->bin_count; i++) {
		seen += doc->bins[i].count;
		if (seen && (double)seen >= q * (double)total)
			return doc->bins[i].ns;
	}
	return NAN;
}
