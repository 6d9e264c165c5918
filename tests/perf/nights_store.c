// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * nights_store - a store of three years of nights, made up: 1095 runs of one
 * boot of kvm, 200 series, 3 samples each, with a fingerprint as large as a real
 * host's. Every tenth series becomes slower once; the rest is noise.
 *
 * usage: nights_store DB [NIGHTS [SERIES]]
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/store.h"

#define NIGHTS 1095u
#define SERIES 200u
#define SAMPLES 3u
#define FINGERPRINT_BYTES 4500u
#define FIRST_UNIX_NS (1700000000 * NS_PER_S)
#define NIGHT_NS (86400 * NS_PER_S)

/* Different nights for different series, none of them near an end. */
static double level_of(unsigned int series, unsigned int series_count,
		       uint32_t night)
{
	bool is_slower =
		series % 10 == 0 && night > 200 + 600 * series / series_count;

	return is_slower ? 108 : 100;
}

static int add_boot(struct store *store, int64_t run_id, uint32_t night,
		    unsigned int series_count, gsl_rng *rng, struct err *err)
{
	const struct bench_case bc = {.runner = "kvm"};
	struct result res;
	unsigned int i, k;
	char point[32];
	int ret;

	result_init(&res);
	res.grade = GRADE_HARDWARE;
	for (i = 0; i < series_count; i++) {
		double boot = level_of(i, series_count, night) +
			      gsl_ran_gaussian(rng, 2);
		struct series *s;

		snprintf(point, sizeof(point), "made-up-%04u", i);
		s = result_add_series(&res, "mem_latency", point, "ns");
		for (k = 0; k < SAMPLES; k++)
			series_add_sample(s)->value =
				boot + gsl_ran_gaussian(rng, .2);
	}
	ret = store_schedule_add(store, run_id, 0, 0, bc.runner, err);
	if (!ret)
		ret = store_import_boot(store, run_id, 0, &bc, &res, err);
	result_release(&res);
	return ret;
}

/* Valid until the program ends. */
static const char *fingerprint(void)
{
	static struct strbuf text;
	unsigned int i;

	if (text.len)
		return text.str;
	strbuf_puts(&text, "{\"host\": \"made-up\"");
	for (i = 0; text.len < FINGERPRINT_BYTES; i++)
		strbuf_printf(&text, ", \"module.kvm.made_up_%u\": \"N\"", i);
	strbuf_puts(&text, "}");
	return text.str;
}

/* As a run from elsewhere, which alone may have been at another time. */
static int add_night(struct store *store, uint32_t night,
		     unsigned int series_count, gsl_rng *rng, struct err *err)
{
	const struct run_info info = {.seed = 1,
				      .revision = "made-up",
				      .plan_json = "{}",
				      .fingerprint_json = fingerprint(),
				      .probe_json = "{}",
				      .guest_manifest = ""};
	int64_t at = (int64_t)(FIRST_UNIX_NS + night * NIGHT_NS);
	char uuid[40];
	int64_t run_id;
	int ret;

	snprintf(uuid, sizeof(uuid), "%032x", night);
	ret = store_import_begin(store, &info, uuid, "complete", at, at + 1,
				 &run_id, err);
	if (ret)
		return ret;
	ret = add_boot(store, run_id, night, series_count, rng, err);
	return store_end(store, ret, err);
}

int main(int argc, char **argv)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct store *store = NULL;
	struct err err = {0};
	unsigned int series_count;
	uint32_t i, nights;
	int ret;

	if (argc < 2 || argc > 4)
		return 64;
	nights = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : NIGHTS;
	series_count =
		argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : SERIES;
	ret = store_open(argv[1], &store, &err);
	for (i = 0; i < nights && !ret; i++)
		ret = add_night(store, i, series_count, rng, &err);
	if (ret)
		fprintf(stderr, "nights_store: %s\n", err.msg);
	store_close(store);
	gsl_rng_free(rng);
	return ret ? 70 : 0;
}
