// SPDX-License-Identifier: GPL-3.0-or-later
/* The profile of a start: its phases follow each other and make up the whole. */
#include "tests/unit/test.h"

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "runners/vmm/profile.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/hv_fake.h"

static char *written(const struct profile *p)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	profile_write(p, out);
	fclose(out);
	return text;
}

static void a_phase_begins_where_the_last_one_ended(void **state)
{
	struct profile p;
	uint64_t start;
	char want[128], *text;

	(void)state;
	profile_begin(&p);
	assert_true(p.rows[0].ns > 0);
	p.rows[0].ns = 5;
	start = p.last_mono_ns;
	profile_mark(&p, "arguments", start + 7);
	profile_mark(&p, "vm", start + 7);
	profile_mark(&p, "memory", start + 1000);
	text = written(&p);
	snprintf(want, sizeof(want),
		 "profile exec 5\nprofile arguments 7\nprofile vm 0\n"
		 "profile memory 993\nprofile sum 1005\n");
	assert_string_equal(text, want);
	free(text);
}

static void nobody_need_ask(void **state)
{
	(void)state;
	profile_mark(NULL, "vm", 1);
}

static void there_is_an_end_to_phases(void **state)
{
	struct profile p;
	uint32_t i;

	(void)state;
	profile_begin(&p);
	for (i = 0; i < 2 * PROFILE_MAX; i++)
		profile_mark(&p, "again", p.last_mono_ns + 1);
	assert_int_equal(p.count, PROFILE_MAX);
}

/* Of a whole machine, to its guest's first word and no further. */
static void a_machine_names_its_phases(void **state)
{
	static const char *const names[] = {"exec",       "vm",    "memory",
					    "devices",    "vcpus", "console",
					    "first_entry"};
	const struct hv_exit script[] = {
		{.kind = HV_EXIT_PIO,
		 .access = {.addr = STAMP_PORT,
			    .data = STAMP_PHASE | STAMP_PHASE_FIRST_INSTRUCTION,
			    .len_bytes = 4,
			    .is_write = true}},
		{.kind = HV_EXIT_SHUTDOWN}};
	struct profile p;
	struct vm_config cfg = {.vcpu_count = 1,
				.mem = {.bytes = 32 * MIB},
				.serial_fd = -1,
				.channel_fd = -1,
				.input_fd = -1,
				.profile = &p};
	enum vm_end end = VM_END_NONE;
	struct err err = {0};
	struct vm *vm = NULL;
	uint64_t sum_ns = 0, begin_ns;
	uint32_t i;

	(void)state;
	hv_fake_reset();
	hv_fake_state.script = script;
	hv_fake_state.script_len = ARRAY_SIZE(script);
	profile_begin(&p);
	begin_ns = p.last_mono_ns;
	assert_int_equal(vm_create(&hv_fake, &cfg, &vm, &err), 0);
	assert_int_equal(vm_run(vm, &end, &err), 0);
	vm_destroy(vm);
	assert_int_equal(p.count, ARRAY_SIZE(names));
	for (i = 0; i < p.count; i++)
		assert_string_equal(p.rows[i].name, names[i]);
	for (i = 1; i < p.count; i++)
		sum_ns += p.rows[i].ns;
	assert_int_equal(sum_ns, p.last_mono_ns - begin_ns);
	assert_true(p.last_mono_ns <= clock_mono_ns());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_begins_where_the_last_one_ended),
		cmocka_unit_test(nobody_need_ask),
		cmocka_unit_test(there_is_an_end_to_phases),
		cmocka_unit_test(a_machine_names_its_phases),
	};

	return RUN_TESTS(tests);
}
