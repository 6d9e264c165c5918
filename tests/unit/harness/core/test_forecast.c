// SPDX-License-Identifier: GPL-3.0-or-later
/* forecast: durations of real runs in the lab, told one after the other. */
#include "tests/unit/test.h"

#include <math.h>
#include <unistd.h>

#include "harness/core/forecast.h"
#include "harness/core/result.h"
#include "harness/store/durations.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/scratch.h"

/* Means of each class in seconds, of runs in the lab on two cores. */
struct known {
	const char *runner;
	double seconds[BOOT_KIND_COUNT]; /* plain, I/O, micro, shape */
};

static const struct known demo[] = {
	{"native", {0.6, 2.4, 0.1, 0}},
	{"kvm", {4.0, 7.2, 0.7, 5.8}},
	{"mshv-emu", {4.6, 8.0, 0.7, 5.8}},
	{NULL},
};

static double seconds_of(const struct known *table, const struct bench_case *bc)
{
	enum boot_kind kind = plan_boot_kind(bc->items[0].workload);

	while (strcmp(table->runner, bc->runner) != 0)
		table++;
	return table->seconds[kind];
}

static void make_plan(struct plan *plan, const struct known *table,
		      const char *workloads, uint64_t seed)
{
	struct err err = {0};

	plan_init_quick(plan);
	plan->seed = seed;
	for (; table->runner; table++)
		plan->runners[plan->runner_count++] = table->runner;
	assert_int_equal(plan_add_workloads(plan, workloads, &err), 0);
}

/* The largest error of what is said to be left once a tenth is over, as a share
 * of what really is; boots of one class differ by a tenth. */
static double worst_error(struct forecast *f, const struct known *table,
			  double slowness)
{
	const struct schedule *sched = f->sched;
	double *taken = calloc(sched->count, sizeof(*taken));
	double left = 0, worst = 0;
	size_t i;

	for (i = 0; i < sched->count; i++) {
		taken[i] = slowness * seconds_of(table, &sched->cases[i]) *
			   (0.9 + 0.05 * (double)(i * 7 % 5));
		left += taken[i];
	}
	/* Of the last few a single boot is more than that. */
	for (i = 0; i * 10 < sched->count * 9; i++) {
		double said = (double)forecast_left_ns(f, i) / NS_PER_S;
		double error = fabs(said - left) / left;

		if (i * 10 >= sched->count && error > worst)
			worst = error;
		forecast_take(f, i, (uint64_t)(taken[i] * NS_PER_S));
		left -= taken[i];
	}
	free(taken);
	return worst;
}

static const char demo_workloads[] =
	"boot,cpu_integer,cpu_sha256,cpu_memcpy,kernel_syscall,kernel_fault,"
	"kernel_forkexec,mem_latency:16KiB,4KiB-pages,mem_latency:1MiB,"
	"4KiB-pages,mem_latency:64MiB,2MiB-pages,storage:randread-4k-qd1,"
	"network:tcp-1,footprint:256M-1cpu,micro_exit:cpuid,ring3,"
	"micro_exit:cpuid,ring0,micro_exit:pio-out,ring0,"
	"micro_exit:pio-in,ring0,micro_exit:mmio-read,ring0,"
	"micro_exit:doorbell,ring0,micro_exit:msr-read,ring0,"
	"micro_exit:self-ipi,ring0,micro_exit:hlt-timer,ring0";

static void a_first_run_is_forecast(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 20; seed++) {
		struct schedule sched;
		struct forecast f;
		struct plan plan;

		make_plan(&plan, demo, demo_workloads, seed);
		plan.block_count = 2;
		plan.target_ns = 5 * NS_PER_MS;
		plan.io.io_ns = NS_PER_S / 2;
		schedule_init(&sched, &plan);
		forecast_init(&f, &sched, true);
		assert_true(worst_error(&f, demo, 1 + (double)(seed % 3)) <
			    0.25);
		forecast_release(&f);
		schedule_release(&sched);
		plan_release(&plan);
	}
}

/* Whatever the priors: a table that has nothing of their proportions. */
static const struct known odd[] = {
	{"native", {9, 1, 4, 0}},
	{"kvm", {2, 40, 11, 1}},
	{NULL},
};

static void an_earlier_run_is_believed(void **state)
{
	struct schedule sched;
	struct forecast f;
	struct plan plan;
	const struct known *k;
	int kind;

	(void)state;
	make_plan(&plan, odd, demo_workloads, 3);
	schedule_init(&sched, &plan);
	forecast_init(&f, &sched, false);
	assert_true(worst_error(&f, odd, 1) > 0.25);
	forecast_release(&f);
	forecast_init(&f, &sched, false);
	for (k = odd; k->runner; k++)
		for (kind = 0; kind < BOOT_KIND_COUNT; kind++)
			if (k->seconds[kind])
				forecast_learn(&f, k->runner,
					       (enum boot_kind)kind,
					       (uint64_t)(k->seconds[kind] *
							  NS_PER_S));
	/* Of what nobody boots here, nothing is kept. */
	forecast_learn(&f, "qemu-kvm", BOOT_PLAIN, NS_PER_S);
	assert_true(worst_error(&f, odd, 1.5) < 0.25);
	forecast_release(&f);
	schedule_release(&sched);
	plan_release(&plan);
}

static void nothing_to_boot_takes_no_time(void **state)
{
	struct schedule sched = {0};
	struct forecast f;

	(void)state;
	forecast_init(&f, &sched, true);
	assert_int_equal(forecast_left_ns(&f, 0), 0);
	forecast_release(&f);
}

struct heard {
	size_t count;
	uint64_t plain_ns, io_ns;
};

static void hear(void *arg, const char *runner, const char *workload,
		 uint64_t mean_ns)
{
	struct heard *h = arg;

	assert_string_equal(runner, "kvm");
	h->count++;
	if (plan_boot_kind(workload) == BOOT_IO)
		h->io_ns = mean_ns;
	else
		h->plain_ns = mean_ns;
}

static void add_boot(struct store *store, int64_t run, uint32_t position,
		     const char *workload, uint64_t elapsed_ns,
		     enum run_status status)
{
	struct bench_case bc = {.runner = "kvm"};
	struct err err = {0};
	struct result res;

	result_init(&res);
	result_add_series(&res, "boot", "init", "ns");
	result_add_series(&res, workload, "x", "ns");
	res.elapsed_ns = elapsed_ns;
	if (status != RUN_OK)
		result_fail(&res, status, "x");
	assert_int_equal(
		store_result_add(store, run, position, &bc, &res, &err), 0);
	result_release(&res);
}

static int64_t begin(struct store *store, const char *plan, int is_lab)
{
	const struct run_info info = {.revision = "r",
				      .plan_json = plan,
				      .fingerprint_json = "{}",
				      .probe_json = "{}",
				      .guest_manifest = "",
				      .is_lab = is_lab};
	struct err err = {0};
	int64_t run;

	assert_int_equal(store_run_begin(store, &info, &run, &err), 0);
	return run;
}

static void durations_are_of_the_same_plan(void **state)
{
	static const char same[] = "{\"sample_count\": 5, \"series\": [1, 2],"
				   " \"seed\": 7, \"io\": {\"io_ns\": 9}}";
	static const char again[] = "{\"sample_count\": 5, \"series\": [1, 2],"
				    " \"seed\": 8, \"io\": {\"io_ns\": 9}}";
	static const char other[] = "{\"sample_count\": 5, \"series\": [1, 2],"
				    " \"seed\": 7, \"io\": {\"io_ns\": 8}}";
	char folder[SCRATCH_SIZE], path[64];
	struct heard heard = {0};
	struct err err = {0};
	struct store *store;
	int64_t run;

	(void)state;
	scratch_folder(folder, "forecast");
	snprintf(path, sizeof(path), "%s/r.db", folder);
	assert_int_equal(store_open(path, &store, &err), 0);
	run = begin(store, same, 1);
	add_boot(store, run, 0, "cpu_integer", 2000, RUN_OK);
	add_boot(store, run, 1, "cpu_integer", 4000, RUN_OK);
	add_boot(store, run, 2, "storage", 9000, RUN_OK);
	add_boot(store, run, 3, "storage", 1, RUN_TIMEOUT);
	run = begin(store, other, 1);
	add_boot(store, run, 0, "cpu_integer", 70, RUN_OK);
	run = begin(store, same, 0);
	add_boot(store, run, 0, "cpu_integer", 80, RUN_OK);
	begin(store, same, 1); /* not one boot of it ended */
	run = begin(store, again, 1);
	assert_int_equal(durations_load(store, run, hear, &heard, &err), 0);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.plain_ns, 3000);
	assert_int_equal(heard.io_ns, 9000);
	/* The first of its kind. */
	heard = (struct heard){0};
	assert_int_equal(durations_load(store, 1, hear, &heard, &err), 0);
	assert_int_equal(heard.count, 0);
	store_close(store);
	scratch_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_run_is_forecast),
		cmocka_unit_test(an_earlier_run_is_believed),
		cmocka_unit_test(nothing_to_boot_takes_no_time),
		cmocka_unit_test(durations_are_of_the_same_plan),
	};

	return RUN_TESTS(tests);
}
