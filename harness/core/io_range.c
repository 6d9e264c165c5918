// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/io_range.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"

/* A rate and its amount over its time agree this well: programs round times to
 * milliseconds, and count what ends just behind them. */
#define RATE_TOLERANCE .05
/* Requests that a program counts in one place and not yet in another. */
#define COUNT_TOLERANCE .01
#define COUNT_SLACK 16

static const json_t *value_at(const json_t *o, const char *path)
{
	char *copy = xstrdup(path);
	char *rest = copy;
	char *key;

	while (o && (key = strsep(&rest, ".")))
		o = json_object_get(o, key);
	free(copy);
	return o;
}

double io_number_at(const json_t *o, const char *path)
{
	const json_t *value = value_at(o, path);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* What is printed in [0, MOST]; a number that is not printed is in any range. */
static int in_range(const char *program, const json_t *o, const char *path,
		    double most, struct err *err)
{
	const json_t *value = value_at(o, path);
	double number = io_number_at(o, path);

	if (!value)
		return 0;
	if (!json_is_number(value))
		return err_set(err, -EPROTO, "%s printed no number as %s",
			       program, path);
	if (number >= 0 && number <= most)
		return 0;
	return err_set(
		err, -EPROTO,
		isfinite(most)
			? "%s printed %s %g, which is not between 0 and %g"
			: "%s printed %s %g, which is below 0",
		program, path, number, most);
}

/* RATE over SECONDS against AMOUNT, where all are known. */
static int rate_agrees(const char *program, const char *name, double rate,
		       double seconds, double amount, double rounding_s,
		       struct err *err)
{
	double slack = RATE_TOLERANCE + rounding_s / seconds;

	if (!(seconds > 0) || isnan(rate) || isnan(amount) ||
	    fabs(rate * seconds - amount) <= slack * fmax(amount, 1))
		return 0;
	return err_set(err, -EPROTO,
		       "%s printed %g %s per second for %g s, but %g in all",
		       program, rate, name, seconds, amount);
}

/* --- fio --- */

static int percentiles_rise(const json_t *percentiles, struct err *err)
{
	double last_share = -1, last_ns = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)percentiles, key, value) {
		double share = strtod(key, NULL), ns = json_number_value(value);

		if (!json_is_number(value) || !(ns >= 0) || share < 0 ||
		    share > 100)
			return err_set(
				err, -EPROTO,
				"fio printed a percentile that is none: %.20s",
				key);
		if (share > last_share && ns < last_ns)
			return err_set(
				err, -EPROTO,
				"fio printed percentile %g below percentile %g",
				share, last_share);
		last_share = share;
		last_ns = ns;
	}
	return 0;
}

static int histogram_fits(const json_t *bins, double ops, struct err *err)
{
	double count = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)bins, key, value) {
		(void)key;
		count += json_number_value(value);
	}
	if (isnan(ops) || count <= ops * (1 + COUNT_TOLERANCE) + COUNT_SLACK)
		return 0;
	return err_set(err, -EPROTO,
		       "fio printed a histogram of %g requests, but %g in all",
		       count, ops);
}

static int latency_is_ordered(const json_t *lat, struct err *err)
{
	double least = io_number_at(lat, "min");
	double mean = io_number_at(lat, "mean");
	double most = io_number_at(lat, "max");

	/* Where one is NaN, no comparison holds. The mean is rounded. */
	if (least > most || mean < least - 1 || mean > most + 1)
		return err_set(
			err, -EPROTO,
			"fio printed latencies from %g to %g ns with the mean %g",
			least, most, mean);
	return percentiles_rise(json_object_get(lat, "percentile"), err);
}

int io_range_fio(const json_t *job, const char *direction, struct err *err)
{
	static const char *const amounts[] = {
		"total_ios",  "io_bytes",    "iops",         "bw_bytes",
		"runtime",    "short_ios",   "drop_ios",     "lat_ns.min",
		"lat_ns.max", "lat_ns.mean", "lat_ns.stddev"};
	const json_t *part = json_object_get(job, direction);
	const json_t *lat = json_object_get(part, "lat_ns");
	double seconds = io_number_at(part, "runtime") / 1000;
	double ops = io_number_at(part, "total_ios");
	int ret = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(amounts) && !ret; i++)
		ret = in_range("fio", part, amounts[i], INFINITY, err);
	if (!ret)
		ret = rate_agrees("fio", "bytes",
				  io_number_at(part, "bw_bytes"), seconds,
				  io_number_at(part, "io_bytes"), .002, err);
	if (!ret)
		ret = rate_agrees("fio", "requests", io_number_at(part, "iops"),
				  seconds, ops, .002, err);
	if (!ret)
		ret = latency_is_ordered(lat, err);
	return ret ? ret
		   : histogram_fits(json_object_get(lat, "bins"), ops, err);
}

/* --- iperf3 --- */

static int sum_is_possible(const json_t *end, const char *name, struct err *err)
{
	static const char *const amounts[] = {"bytes",        "bits_per_second",
					      "seconds",      "packets",
					      "lost_packets", "jitter_ms",
					      "retransmits",  "out_of_order"};
	const json_t *sum = json_object_get(end, name);
	double packets = io_number_at(sum, "packets");
	double lost = io_number_at(sum, "lost_packets");
	int ret = in_range("iperf3", sum, "lost_percent", 100, err);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(amounts) && !ret; i++)
		ret = in_range("iperf3", sum, amounts[i], INFINITY, err);
	if (ret)
		return ret;
	if (lost > packets)
		return err_set(err, -EPROTO,
			       "iperf3 printed %g lost packets of %g", lost,
			       packets);
	/* Of UDP it has the bytes and the rate of one end, the time of the other. */
	if (!strcmp(name, "sum"))
		return 0;
	return rate_agrees("iperf3", "bytes",
			   io_number_at(sum, "bits_per_second") / 8,
			   io_number_at(sum, "seconds"),
			   io_number_at(sum, "bytes"), .002, err);
}

int io_range_iperf(const json_t *end, struct err *err)
{
	static const char *const sums[] = {"sum", "sum_sent", "sum_received"};
	size_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(sums) && !ret; i++)
		ret = sum_is_possible(end, sums[i], err);
	return ret;
}
