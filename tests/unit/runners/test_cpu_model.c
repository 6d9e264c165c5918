// SPDX-License-Identifier: GPL-3.0-or-later
/* cpu_model: which models are tried, and what is left of the tries. */
#include "tests/unit/test.h"

#include "harness/base/xmalloc.h"
#include "harness/core/result.h"
#include "runners/machine/cpu_model.h"
#include "tests/unit/fixture/expect.h"

/* Guests of a host on which only some models boot. */
struct fake {
	bool boots[CPU_MODEL_COUNT];
	enum run_status failure;
	enum cpu_model tried[16];
	size_t count;
};

static void fake_boot(void *arg, enum cpu_model model, struct result *res)
{
	struct fake *f = arg;

	f->tried[f->count++] = model;
	if (f->boots[model])
		res->identity = xstrdup("kernel=x");
	else
		result_fail(res, f->failure, "hung as %s",
			    cpu_model_name(model));
}

static void search(struct fake *f, struct cpu_model_memory *memory,
		   struct result *res)
{
	result_init(res);
	res->grade = GRADE_HARDWARE;
	cpu_model_search(memory, fake_boot, f, true, res);
}

static void the_first_that_boots_is_used(void **state)
{
	static const struct {
		bool boots[CPU_MODEL_COUNT];
		size_t tries;
		const char *fact;
	} cases[] = {
		{{true, true, true}, 1, "vmm.cpu_model=host"},
		{{false, true, true}, 2, "vmm.cpu_model=host-vmx-sgx"},
		{{false, false, true}, 3, "vmm.cpu_model=Nehalem"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_model_memory memory = {CPU_MODEL_HOST, false};
		struct fake f = {.failure = RUN_TIMEOUT};
		struct result res;

		memcpy(f.boots, cases[i].boots, sizeof(f.boots));
		search(&f, &memory, &res);
		assert_int_equal(f.count, cases[i].tries);
		assert_int_equal(res.status, RUN_OK);
		assert_int_equal(res.grade, GRADE_HARDWARE);
		assert_contains(res.identity, "kernel=x\n");
		assert_contains(res.identity, cases[i].fact);
		result_release(&res);
		/* From now on, only this one. */
		search(&f, &memory, &res);
		assert_int_equal(f.count, cases[i].tries + 1);
		assert_int_equal(f.tried[f.count - 1], f.tried[f.count - 2]);
		assert_contains(res.identity, cases[i].fact);
		result_release(&res);
	}
}

static void a_later_failure_is_a_result(void **state)
{
	struct cpu_model_memory memory = {CPU_MODEL_HOST_MASKED, true};
	struct fake f = {.failure = RUN_TIMEOUT};
	struct result res;

	(void)state;
	search(&f, &memory, &res);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.tried[0], CPU_MODEL_HOST_MASKED);
	assert_int_equal(res.status, RUN_TIMEOUT);
	result_release(&res);
}

static void none_boots(void **state)
{
	struct cpu_model_memory memory = {CPU_MODEL_HOST, false};
	struct fake f = {.failure = RUN_TIMEOUT};
	struct result res;

	(void)state;
	search(&f, &memory, &res);
	assert_int_equal(f.count, CPU_MODEL_COUNT);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_contains(res.reason, "hung as host;");
	assert_contains(res.reason, "with CPU model host-vmx-sgx: hung");
	assert_contains(res.reason, "with CPU model Nehalem: hung");
	assert_false(memory.is_known);
	result_release(&res);
}

/* Where there is no QEMU, the CPU is not what is missing. */
static void a_skip_ends_the_search(void **state)
{
	struct cpu_model_memory memory = {CPU_MODEL_HOST, false};
	struct fake f = {.failure = RUN_SKIPPED};
	struct result res;

	(void)state;
	search(&f, &memory, &res);
	assert_int_equal(f.count, 1);
	assert_int_equal(res.status, RUN_SKIPPED);
	result_release(&res);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_boots_is_used),
		cmocka_unit_test(a_later_failure_is_a_result),
		cmocka_unit_test(none_boots),
		cmocka_unit_test(a_skip_ends_the_search),
	};

	return RUN_TESTS(tests);
}
