// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * serve_store - a store as a fleet fills it: each host measures once a night,
 * two blocks of native and a guest; every figure is made up. With a FOLDER each
 * run is also a bundle in it.
 *
 * usage: serve_store DB RUNS HOSTS SEED [FOLDER]
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/bundle.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"

#define BLOCKS 2u
#define SAMPLES 5u
#define FIRST_NIGHT_S 1700000000u
#define NIGHT_S 86400u
/* What a fingerprint and a manifest of a real host take. */
#define FINGERPRINT_BYTES 4500u
#define MANIFEST_BYTES 9000u

static const char *const runners[] = {"native", "kvm"};
static const struct {
	const char *workload, *point;
	double ns;
} made_up[] = {
	{"null", "", 20},
	{"delay", "100ms", 1e8},
	{"boot", "total", 4e8},
	{"kernel_syscall", "", 120},
	{"kernel_fork", "", 9e4},
	{"mem_latency", "16KiB,4KiB-pages", 1.3},
	{"mem_latency", "1MiB,4KiB-pages", 4.5},
	{"mem_latency", "64MiB,4KiB-pages", 95},
};

struct fleet {
	struct store *store;
	gsl_rng *rng;
	unsigned int host_count;
	const char *folder; /* NULL: no bundles */
};

static void add_series(const struct fleet *f, struct result *res,
		       unsigned int run, size_t runner)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(made_up); i++) {
		/* A host's own speed, and a slow-down in the 60th night. */
		double host = 1 + .01 * (run % f->host_count % 10);
		double night = run / f->host_count >= 60 ? 1.04 : 1;
		double boot = host * night * (1 + .02 * (double)runner) *
			      (1 + .005 * gsl_ran_gaussian(f->rng, 1));
		struct series *s = result_add_series(res, made_up[i].workload,
						     made_up[i].point, "ns");

		for (k = 0; k < SAMPLES; k++) {
			struct sample *p = series_add_sample(s);

			p->value = made_up[i].ns * boot *
				   exp(.01 * gsl_ran_gaussian(f->rng, 1));
			p->elapsed_ns = 10 * NS_PER_MS;
		}
	}
}

static int add_boot(const struct fleet *f, int64_t run_id, unsigned int run,
		    uint32_t position, struct err *err)
{
	struct bench_case bc = {.block = position / ARRAY_SIZE(runners),
				.vcpu_count = 1};
	size_t runner = position % ARRAY_SIZE(runners);
	struct result res;
	int ret;

	snprintf(bc.runner, sizeof(bc.runner), "%s", runners[runner]);
	result_init(&res);
	res.grade = GRADE_HARDWARE;
	add_series(f, &res, run, runner);
	ret = store_schedule_add(f->store, run_id, position, bc.block,
				 bc.runner, err);
	if (!ret)
		ret = store_import_boot(f->store, run_id, position, &bc, &res,
					err);
	result_release(&res);
	return ret;
}

static void write_fingerprint(unsigned int host, unsigned int night,
			      struct strbuf *out)
{
	unsigned int i;

	strbuf_printf(out,
		      "{\"host\":\"node-%03u\",\"kernel.release\":\"6.1.%u\","
		      "\"cpu.model_name\":\"made up %u\"",
		      host, night / 20, host % 10);
	for (i = 0; out->len < FINGERPRINT_BYTES; i++)
		strbuf_printf(out, ",\"module.kvm.made_up_%u\":\"N\"", i);
	strbuf_puts(out, "}");
}

static int add_boots(const struct fleet *f, int64_t run_id, unsigned int run,
		     struct err *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < BLOCKS * ARRAY_SIZE(runners) && !ret; i++)
		ret = add_boot(f, run_id, run, i, err);
	return store_end(f->store, ret, err);
}

static int add_run(const struct fleet *f, unsigned int run, struct err *err)
{
	unsigned int night = run / f->host_count, host = run % f->host_count;
	int64_t id, started = (int64_t)(FIRST_NIGHT_S + night * NIGHT_S + host);
	struct strbuf fingerprint = {0}, manifest = {0};
	struct run_info info = {.seed = run,
				.revision = "made-up",
				.plan_json = "{\"name\":\"nightly\"}",
				.probe_json = "{}"};
	char uuid[40], path[4096];
	int ret;

	write_fingerprint(host, night, &fingerprint);
	while (manifest.len < MANIFEST_BYTES)
		strbuf_printf(&manifest, "%064u  kernel/made-up.ko\n", night);
	info.fingerprint_json = fingerprint.str;
	info.guest_manifest = manifest.str;
	snprintf(uuid, sizeof(uuid), "%08lx%08lx%08lx%08lx",
		 gsl_rng_get(f->rng), gsl_rng_get(f->rng), gsl_rng_get(f->rng),
		 gsl_rng_get(f->rng));
	started *= (int64_t)NS_PER_S;
	ret = store_import_begin(f->store, &info, uuid, "complete", started,
				 started + 60 * (int64_t)NS_PER_S, &id, err);
	if (!ret)
		ret = add_boots(f, id, run, err);
	if (!ret && f->folder) {
		snprintf(path, sizeof(path), "%s/%u.json.gz", f->folder, run);
		ret = bundle_export(f->store, id, NULL, path, err);
	}
	strbuf_release(&fingerprint);
	strbuf_release(&manifest);
	return ret;
}

int main(int argc, char **argv)
{
	struct fleet f = {.folder = argc == 6 ? argv[5] : NULL};
	struct err err = {0};
	unsigned long i, run_count;
	int ret;

	if (argc != 5 && argc != 6)
		return 64;
	run_count = strtoul(argv[2], NULL, 10);
	f.host_count = (unsigned int)strtoul(argv[3], NULL, 10);
	f.rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(f.rng, strtoul(argv[4], NULL, 10));
	ret = store_open(argv[1], &f.store, &err);
	/* A store that was not finished is made again, not repaired. */
	if (!ret)
		sqlite3_exec(sql_sqlite_handle(store_handle(f.store)),
			     "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	for (i = 0; i < run_count && !ret && f.host_count; i++)
		ret = add_run(&f, (unsigned int)i, &err);
	if (ret)
		fprintf(stderr, "serve_store: %s\n", err.msg);
	store_close(f.store);
	gsl_rng_free(f.rng);
	return ret ? 70 : 0;
}
