// SPDX-License-Identifier: GPL-3.0-or-later
/* plausible: what no machine can have is found, what some have is not. */
#include "tests/unit/test.h"

#include "harness/findings/findings.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/made_run.h"

static void add(struct run_data *run, const char *runner, uint32_t block,
		const char *workload, const char *point, double value,
		uint64_t elapsed_ns, uint64_t host_elapsed_ns)
{
	struct boot_data *b = made_run_boot(run, runner, block);
	struct sample *p;

	b->res.grade = GRADE_HARDWARE;
	p = series_add_sample(
		result_add_series(&b->res, workload, point, "ns"));
	p->value = value;
	p->elapsed_ns = elapsed_ns;
	p->host_elapsed_ns = host_elapsed_ns;
}

struct fixture {
	struct run_data run;
	struct findings findings;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	made_run_init(
		&f->run,
		"{\"cpu.caches\": \"L1 48 KiB, L2 2048 KiB, L3 32768 KiB\"}");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	findings_release(&f->findings);
	run_data_release(&f->run);
	free(f);
	return 0;
}

static void check(struct fixture *f)
{
	findings_init(&f->findings, &f->run, NULL);
}

static void good_figures_are_believed(void **state)
{
	struct fixture *f = *state;

	add(&f->run, "kvm", 0, "mem_latency", "16KiB,4KiB-pages", 1.4, 0, 0);
	add(&f->run, "kvm", 0, "mem_latency", "64KiB,4KiB-pages", 1.35, 0, 0);
	add(&f->run, "kvm", 0, "mem_latency", "256MiB,4KiB-pages", 90, 0, 0);
	add(&f->run, "kvm", 0, "mem_latency", "256MiB,2MiB-pages", 80, 0, 0);
	add(&f->run, "kvm", 0, "boot", "agent_ready", 80e6, 0, 0);
	add(&f->run, "native", 0, "boot", "agent_ready", 1e6, 0, 0);
	add(&f->run, "kvm", 0, "delay", "100ms", 100e6, 100000000, 100030000);
	add(&f->run, "kvm", 0, "micro_exit", "cpuid,ring0/p50", 1300, 0, 0);
	f->run.boots[f->run.boot_count - 2].res.exit_cost_ns = 90000;
	/* Short, so that an exit explains it. */
	add(&f->run, "kvm", 0, "cpu_integer", "", 2, 1000000, 1010000);
	check(f);
	assert_int_equal(f->findings.plausibility.count, 0);
}

static void expect(struct fixture *f, const char *words, bool is_blocking)
{
	check(f);
	assert_int_equal(f->findings.plausibility.count, 1);
	assert_contains(f->findings.plausibility.rows[0].text, words);
	assert_true(f->findings.plausibility.rows[0].is_blocking ==
		    is_blocking);
}

static void loads_take_cycles(void **state)
{
	add(&((struct fixture *)*state)->run, "kvm", 0, "mem_latency",
	    "16KiB,4KiB-pages", .3, 0, 0);
	expect(*state, "less than three cycles", true);
}

static void memory_is_far(void **state)
{
	add(&((struct fixture *)*state)->run, "kvm", 0, "mem_latency",
	    "256MiB,4KiB-pages", 20, 0, 0);
	expect(*state, "less than DRAM takes", true);
}

static void more_is_not_nearer(void **state)
{
	struct fixture *f = *state;

	add(&f->run, "kvm", 0, "mem_latency", "1MiB,4KiB-pages", 30, 0, 0);
	add(&f->run, "kvm", 0, "mem_latency", "4MiB,4KiB-pages", 20, 0, 0);
	expect(f, "4MiB,4KiB-pages has lower latency than 1MiB,4KiB-pages",
	       true);
}

static void linux_takes_its_time(void **state)
{
	add(&((struct fixture *)*state)->run, "kvm", 0, "boot", "agent_ready",
	    5e6, 0, 0);
	expect(*state, "too soon", true);
}

static void one_slow_boot_is_told(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < 5; i++)
		add(&f->run, "kvm", i, "boot", "agent_ready",
		    i == 3 ? 80e9 : 80e6, 0, 0);
	expect(f, "one boot took 1000 times", false);
}

static void exits_cost_something(void **state)
{
	add(&((struct fixture *)*state)->run, "kvm", 0, "micro_exit",
	    "cpuid,ring0/p50", 90, 0, 0);
	expect(*state, "does not exit", false);
}

static void wrong_clocks_spoil_everything(void **state)
{
	struct fixture *f = *state;

	add(&f->run, "kvm", 0, "delay", "100ms", 100e6, 100000000, 100100000);
	expect(f, "1000 ppm", true);
	assert_non_null(plausibility_blocks(&f->findings.plausibility, "kvm",
					    "cpu_integer"));
	assert_null(plausibility_blocks(&f->findings.plausibility, "mshv",
					"cpu_integer"));
}

/* A clock that runs too fast is no exit's doing either. */
static void fast_clocks_are_wrong_too(void **state)
{
	struct fixture *f = *state;

	add(&f->run, "kvm", 0, "delay", "100ms", 100e6, 100000000, 99900000);
	f->run.boots[0].res.exit_cost_ns = 90000;
	expect(f, "-1000 ppm", true);
}

/* The bounds of docs/statistics.md, from both sides. */
static void figures_are_doubted_beyond_their_bounds(void **state)
{
	static const struct {
		const char *runner, *workload, *point;
		double value;
		bool is_emulated, is_doubted;
	} cases[] = {
		{"kvm", "mem_latency", "16KiB,4KiB-pages", .51, false, false},
		{"kvm", "mem_latency", "16KiB,4KiB-pages", .49, false, true},
		{"native", "mem_latency", "16KiB,4KiB-pages", .49, false, true},
		{"kvm", "mem_latency", "256MiB,4KiB-pages", 41, false, false},
		{"kvm", "mem_latency", "256MiB,4KiB-pages", 39, false, true},
		/* Not more than twice the last cache. */
		{"kvm", "mem_latency", "64MiB,4KiB-pages", 39, false, false},
		{"kvm", "boot", "agent_ready", 20.1e6, false, false},
		{"kvm", "boot", "agent_ready", 19.9e6, false, true},
		{"kvm", "boot", "init", 1e6, false, false},
		{"kvm", "micro_exit", "cpuid,ring0/p50", 101, false, false},
		{"kvm", "micro_exit", "cpuid,ring0/p50", 99, false, true},
		{"kvm", "micro_exit", "cpuid,ring0/p50", 32900, false, false},
		{"kvm", "micro_exit", "cpuid,ring0/p50", 33100, false, true},
		{"kvm", "micro_exit", "cpuid,ring3/p50", 99, false, false},
		{"native", "micro_exit", "cpuid,ring0/p50", 99, false, false},
		{"kvm", "micro_exit", "cpuid,ring0/p50", 99, true, false},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f;

		teardown(state);
		setup(state);
		f = *state;
		add(&f->run, cases[i].runner, 0, cases[i].workload,
		    cases[i].point, cases[i].value, 0, 0);
		if (cases[i].is_emulated)
			f->run.boots[0].res.grade = GRADE_EMULATED;
		check(f);
		if (f->findings.plausibility.count != cases[i].is_doubted)
			fail_msg("case %zu", i);
	}
}

/* Of long samples that count, by what no exit explains. */
static void clocks_are_held_to_the_host(void **state)
{
	static const struct {
		uint64_t guest_ns, host_ns, exit_ns;
		uint32_t disturbances;
		const char *words; /* NULL: no doubt */
	} cases[] = {
		{100000000, 100049000, 0, 0, NULL},
		{100000000, 100051000, 0, 0, " by 510 ppm"},
		{100000000, 99949000, 0, 0, " by -510 ppm"},
		{100000000, 100051000, 2000, 0, NULL},
		{100000000, 100153000, 2000, 0, " by 1510 ppm"},
		{100000000, 100151000, 0, DISTURBED_STEAL, NULL},
		{100000000, 0, 0, 0, NULL},
		{49000000, 59000000, 0, 0, NULL},
		{51000000, 61200000, 0, 0, " by 200000 ppm"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f;

		teardown(state);
		setup(state);
		f = *state;
		add(&f->run, "kvm", 0, "delay", "100ms", 100e6,
		    cases[i].guest_ns, cases[i].host_ns);
		f->run.boots[0].res.exit_cost_ns = cases[i].exit_ns;
		f->run.boots[0].res.series[0].samples[0].disturbances =
			cases[i].disturbances;
		if (cases[i].words)
			expect(f, cases[i].words, true);
		else
			check(f);
		assert_int_equal(f->findings.plausibility.count,
				 cases[i].words != NULL);
	}
}

/* Without its caches nobody knows what is DRAM. */
static void unknown_caches_raise_no_doubt(void **state)
{
	static const char *const texts[] = {
		"{}", "damaged", "{\"cpu.caches\": 5}",
		"{\"cpu.caches\": \"L\"}", "{\"cpu.caches\": \"L3 big\"}"};
	struct fixture *f = *state;
	size_t i;

	add(&f->run, "kvm", 0, "mem_latency", "256MiB,4KiB-pages", 20, 0, 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		free(f->run.fingerprint);
		f->run.fingerprint = strdup(texts[i]);
		findings_release(&f->findings);
		check(f);
		assert_int_equal(f->findings.plausibility.count, 0);
	}
}

/* A guest as near as native by figures that cannot be. */
static void no_pass_rests_on_it(void **state)
{
	static const char yaml[] = "name: n\nclaims:\n  - id: a\n    text: t\n"
				   "    metric: mem_latency 16KiB,4KiB-pages\n"
				   "    candidate: kvm\n    baseline: native\n"
				   "    kind: non-inferior\n    margin: 0.1\n"
				   "    confidence: 0.95\n    reason: r\n";
	struct fixture *f = *state;
	struct claims *claims;
	const struct claim_verdict *v;
	struct err err;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		add(&f->run, "native", i, "mem_latency", "16KiB,4KiB-pages",
		    .3 + i * .001, 0, 0);
		add(&f->run, "kvm", i, "mem_latency", "16KiB,4KiB-pages",
		    .301 + i * .0011, 0, 0);
	}
	assert_int_equal(claims_parse(yaml, strlen(yaml), &claims, &err), 0);
	findings_init(&f->findings, &f->run,
		      &(struct findings_options){.claims = claims});
	assert_int_equal(verdict_of(&f->findings.model, &f->findings.plan,
				    &claims->claims[0], false)
				 .verdict,
			 VERDICT_PASS);
	v = f->findings.judgement.v;
	assert_int_equal(v->verdict, VERDICT_NOT_EVALUABLE);
	assert_non_null(
		strstr(v->reason, "implausible: kvm: a dependent load"));
	claims_free(claims);
}

#define FOUND(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOUND(good_figures_are_believed),
		FOUND(loads_take_cycles),
		FOUND(memory_is_far),
		FOUND(more_is_not_nearer),
		FOUND(linux_takes_its_time),
		FOUND(one_slow_boot_is_told),
		FOUND(exits_cost_something),
		FOUND(wrong_clocks_spoil_everything),
		FOUND(fast_clocks_are_wrong_too),
		FOUND(figures_are_doubted_beyond_their_bounds),
		FOUND(clocks_are_held_to_the_host),
		FOUND(unknown_caches_raise_no_doubt),
		FOUND(no_pass_rests_on_it),
	};

	return RUN_TESTS(tests);
}
