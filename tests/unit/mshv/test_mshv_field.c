// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend on hosts that answer as the field reported: RAM that cannot be
 * faulted in, CPUID that is not answered, features that are refused, doorbells
 * that do not ring.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "mshv/features.h"
#include "mshv/mshv_priv.h"
#include "mshv/selftest/facts.h"
#include "runners/vmm/bell_check.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/vm.h"
#include "tests/unit/fixture/mshv_fake.h"

static struct hv_exit run(struct vm *vm)
{
	struct hv_exit exit = {.kind = HV_EXIT_KIND_COUNT};

	assert_int_equal(hv_vcpu_run(vm->vcpus[0].hv, &exit), 0);
	return exit;
}

/* --- RAM ------------------------------------------------------------------ */

/* COUNT messages of an access to RAM at GPA, and a halt behind them. */
static struct vm *with_lost_ram(enum mshv_access access, uint64_t gpa,
				int count)
{
	struct err err;
	struct vm *vm;
	int i;

	mshv_fake_reset();
	for (i = 0; i < count; i++) {
		struct mshv_message *msg = &mshv_fake_state.script[i];
		struct mshv_msg_memory *m = (void *)msg->payload;

		msg->type =
			i % 2 ? MSHV_MSG_UNMAPPED_GPA : MSHV_MSG_GPA_INTERCEPT;
		m->gpa = gpa;
		m->header.access = (uint8_t)access;
		m->header.exec_state = MSHV_EXEC_LMA | MSHV_EXEC_INTERRUPTION;
	}
	mshv_fake_state.script[count].type = MSHV_MSG_HALT;
	mshv_fake_state.script_len = count + 1;
	mshv_fake_state.page.rip = 0x1234;
	if (mshv_fake_create(&vm, 1, HV_PARAVIRT_IDENTICAL, &err))
		fail_msg("%s", err.msg);
	return vm;
}

/* No access of the guest's is lost or done twice: it is entered as it was. */
static void lost_ram_is_given_and_run_again(void **state)
{
	static const enum mshv_access accesses[] = {
		MSHV_ACCESS_READ, MSHV_ACCESS_WRITE, MSHV_ACCESS_EXECUTE};
	struct vm *vm;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		vm = with_lost_ram(accesses[i], 0x345678, 3);
		assert_int_equal(run(vm).kind, HV_EXIT_HALT);
		assert_int_equal(mshv_fake_state.touch_count, 3);
		assert_int_equal(mshv_fake_state.touched_bytes, 2 * MIB);
		assert_true(mshv_fake_state.touched_to_write);
		for (k = 0; k < 4; k++) {
			assert_int_equal(mshv_fake_state.at_run[k].rip, 0x1234);
			assert_int_equal(mshv_fake_state.at_run[k].dirty &
						 MSHV_DIRTY_RIP,
					 0);
		}
		vm_destroy(vm);
	}
}

static void ram_that_stays_lost_is_an_error(void **state)
{
	struct hv_exit exit = {.kind = HV_EXIT_KIND_COUNT};
	struct vm *vm;
	int tries;

	(void)state;
	vm = with_lost_ram(MSHV_ACCESS_WRITE, 0x345678, 1);
	mshv_fake_state.script_len = 1;
	mshv_fake_state.touch_result = -ENOMEM;
	for (tries = 1; tries < 100; tries++) {
		exit = run(vm);
		if (exit.kind == HV_EXIT_ERROR)
			break;
		assert_int_equal(exit.kind, HV_EXIT_KICKED);
		mshv_fake_state.script_at = 0;
	}
	assert_int_equal(tries, 21);
	assert_non_null(strstr(exit.detail, "no memory for RAM at 0x345678"));
	assert_non_null(strstr(exit.detail, "Cannot allocate memory"));
	vm_destroy(vm);
}

/* --- CPUID ---------------------------------------------------------------- */

static uint32_t refused_leaf; /* ~0: all */

/* Gives a CPU of Intel's without features; a partition has SSE3 alone. */
static int poor_cpuid(struct mshv_hvcall *call)
{
	const struct mshv_cpuid_query *query =
		(const void *)((const uint8_t *)(uintptr_t)call->in_ptr +
			       sizeof(struct mshv_in_cpuid));
	const struct mshv_in_get_property *property =
		(const void *)(uintptr_t)call->in_ptr;
	uint32_t *out = (void *)(uintptr_t)call->out_ptr;

	if (out)
		memset(out, 0, call->out_bytes);
	if (call->code == MSHV_HVCALL_GET_PROPERTY &&
	    property->code == MSHV_PROP_PROCESSOR_FEATURES0)
		out[0] = 1;
	if (call->code == MSHV_HVCALL_GET_PROPERTY &&
	    property->code == MSHV_PROP_XSAVE_STATES)
		out[0] = 3;
	if (call->code != MSHV_HVCALL_GET_CPUID)
		return 0;
	if (refused_leaf == ~0u || query->leaf == refused_leaf) {
		call->status = MSHV_STATUS_ACCESS_DENIED;
		return -EIO;
	}
	if (!query->leaf)
		out[0] = 7;
	return 0;
}

static struct mshv_in_cpuid_result overrides[256];
static size_t override_count;

static int kept_overrides(struct mshv_hvcall *call)
{
	if (call->code == MSHV_HVCALL_REGISTER_RESULT &&
	    override_count < ARRAY_SIZE(overrides))
		memcpy(&overrides[override_count++],
		       (void *)(uintptr_t)call->in_ptr, sizeof(overrides[0]));
	return poor_cpuid(call);
}

static uint32_t shown(uint32_t leaf, uint32_t subleaf, int reg)
{
	size_t i;

	for (i = 0; i < override_count; i++)
		if (overrides[i].leaf == leaf &&
		    overrides[i].subleaf == subleaf)
			return overrides[i].out[reg].value;
	return 0;
}

/* One refused leaf is as good as all: what a guest sees has one source. */
static void an_unanswered_cpuid_is_the_hosts_masked(void **state)
{
	static const uint32_t refused[] = {~0u, 1, 7};
	struct err err;
	struct vm *vm;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		mshv_fake_reset();
		override_count = 0;
		refused_leaf = refused[i];
		mshv_fake_state.hvcall = kept_overrides;
		if (mshv_fake_create(&vm, 1, HV_PARAVIRT_IDENTICAL, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(
			vm->hv->cpuid_source,
			"host, masked by the partition's properties");
		for (k = 0; k < mshv_feature_count; k++) {
			const struct mshv_feature *f = &mshv_features[k];
			bool is_ours = f->leaf == 1 && f->cpuid_bit == 24;

			if (f->leaf == 1 && f->reg == MSHV_ECX &&
			    f->cpuid_bit == 0)
				continue; /* SSE3 */
			if (is_ours || f->leaf == 0x80000007)
				continue; /* the policy's own */
			assert_int_equal(shown(f->leaf, f->subleaf, f->reg) >>
							 f->cpuid_bit &
						 1,
					 0);
		}
		assert_int_equal(shown(0xd, 0, 0) & ~3u, 0);
		assert_int_equal(shown(0xd, 2, 0), 0);
		vm_destroy(vm);
	}
	mshv_fake_reset();
	refused_leaf = 0x12345;
	mshv_fake_state.hvcall = poor_cpuid;
	assert_int_equal(mshv_fake_create(&vm, 1, HV_PARAVIRT_IDENTICAL, &err),
			 0);
	assert_string_equal(vm->hv->cpuid_source, "hypervisor");
	vm_destroy(vm);
}

static void sgx_is_hidden(void **state)
{
	static struct cpuid_table table = {
		.entries = {{.function = 0, .eax = 0x12},
			    {.function = 7,
			     .has_index = true,
			     .ebx = 1u << 2 | 1u << 5,
			     .ecx = 1u << 30},
			    {.function = 0x12, .has_index = true, .eax = 1}},
		.count = 3};
	const struct cpuid_policy policy = {.vcpu_count = 1};

	(void)state;
	assert_int_equal(cpuid_apply(&table, &policy), 0);
	assert_int_equal(cpuid_find(&table, 7, 0)->ebx, 1u << 5);
	assert_int_equal(cpuid_find(&table, 7, 0)->ecx, 0);
	assert_null(cpuid_find(&table, 0x12, 0));
}

/* --- synthetic features --------------------------------------------------- */

#define ALL_OF_BEST 0x7400fffULL
#define COMMON 0x6400ffbULL

static struct {
	bool knows_assignable;
	uint64_t assignable;
	uint64_t accepted; /* any other bit is refused */
	uint64_t given;
} features;

static int choosy(struct mshv_hvcall *call)
{
	const struct mshv_in_set_property *set =
		(const void *)(uintptr_t)call->in_ptr;
	uint64_t *out = (void *)(uintptr_t)call->out_ptr;

	if (out)
		memset(out, 0, call->out_bytes);
	if (call->code == MSHV_HVCALL_GET_PROPERTY_EX) {
		if (!features.knows_assignable)
			return -EINVAL;
		out[0] = 1;
		out[1] = features.assignable;
	}
	if (call->code != MSHV_HVCALL_SET_PROPERTY ||
	    set->code != MSHV_PROP_SYNTHETIC_FEATURES)
		return 0;
	if (set->value & ~features.accepted) {
		call->status = MSHV_STATUS_INVALID_PARAMETER;
		return -EINVAL;
	}
	features.given = set->value;
	return 0;
}

static void features_are_asked_for_by_what_is_assignable(void **state)
{
	static const struct {
		bool knows;
		uint64_t assignable, accepted, given;
	} cases[] = {
		{false, 0, ~0ULL, ALL_OF_BEST},
		{true, ~0ULL, ~0ULL, ALL_OF_BEST},
		{true, 0xffb, 0xffb, 0xffb},
		{false, 0, COMMON, COMMON},
		/* A host that lists more than it takes. */
		{true, ~0ULL, COMMON, COMMON},
		{false, 0, 0, 0},
	};
	struct err err;
	struct vm *vm;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		mshv_fake_reset();
		mshv_fake_state.hvcall = choosy;
		features.knows_assignable = cases[i].knows;
		features.assignable = cases[i].assignable;
		features.accepted = cases[i].accepted;
		features.given = 0;
		ret = mshv_fake_create(&vm, 1, HV_PARAVIRT_BEST, &err);
		assert_int_equal(!ret, cases[i].given != 0);
		assert_int_equal(features.given, cases[i].given);
		if (ret)
			assert_non_null(strstr(err.msg, "enlightenments"));
		vm_destroy(vm);
	}
}

/* --- doorbells ------------------------------------------------------------ */

#define CHECK_BELL 0xfebff000ULL

/* mov %ax,(%rdi) at the bell, as the exit that it should not be. */
static void script_bell_exit(struct mshv_message *msg)
{
	static const uint8_t code[] = {0x66, 0x89, 0x07};
	struct mshv_msg_memory *m = (void *)msg->payload;

	msg->type = MSHV_MSG_UNMAPPED_GPA;
	m->header.access = MSHV_ACCESS_WRITE;
	m->header.exec_state = MSHV_EXEC_LMA;
	m->header.cs.attr = 0xa09b;
	m->info = MSHV_MEM_GVA_GPA_VALID;
	m->gva = m->gpa = CHECK_BELL;
	m->byte_count = 16;
	memcpy(m->bytes, code, sizeof(code));
}

static void script_port_exit(struct mshv_message *msg)
{
	struct mshv_msg_io *io = (void *)msg->payload;

	msg->type = MSHV_MSG_IO_PORT;
	io->header.access = MSHV_ACCESS_WRITE;
	io->header.length_cr8 = 2;
	io->info = 1;
	io->port = 0x80;
}

/* A device that takes a doorbell and never signals it, or lets the write come
 * as an exit; devices then do without. */
static void a_dead_doorbell_is_found_at_start(void **state)
{
	static const struct {
		bool rings, is_exit, works;
		int failure; /* of the registration */
	} cases[] = {
		{.rings = true, .works = true},
		{.rings = false},
		{.is_exit = true},
		{.failure = -EINVAL, .works = true}, /* nothing to find out */
	};
	struct hv_doorbell bell = {.gpa = 0xc0000000, .len_bytes = 2};
	uint8_t before[16], *code;
	bool works;
	struct err err;
	struct vm *vm;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		mshv_fake_reset();
		assert_int_equal(
			mshv_fake_create(&vm, 1, HV_PARAVIRT_IDENTICAL, &err),
			0);
		assert_true(vm->hv->doubts_bells);
		mshv_fake_state.rings = cases[i].rings;
		if (cases[i].is_exit)
			script_bell_exit(&mshv_fake_state.script[0]);
		else
			script_port_exit(&mshv_fake_state.script[0]);
		mshv_fake_state.script_len = 1;
		mshv_fake_state.failing_request = MSHV_IOEVENTFD;
		mshv_fake_state.failing_code = cases[i].failure;
		mshv_fake_state.failing_times = cases[i].failure ? 1 : 0;
		mshv_fake_state.page.is_valid = 1;
		mshv_fake_state.page.rip = 0x777;
		code = mem_ptr(&vm->mem, 0x3000, sizeof(before));
		memset(code, 0xab, sizeof(before));
		memcpy(before, code, sizeof(before));
		assert_int_equal(
			bell_check(vm->hv, vm->vcpus[0].hv, &vm->mem, &works),
			0);
		assert_int_equal(works, cases[i].works);
		assert_memory_equal(code, before, sizeof(before));
		assert_int_equal(mshv_fake_state.page.rip, 0x777);
		assert_int_equal(hv_doorbell_set(vm->hv, &bell, true),
				 cases[i].works ? 0 : -ENODEV);
		vm_destroy(vm);
	}
}

/* A vCPU that does not come to the bell says nothing about it. */
static void a_vcpu_that_fails_says_nothing_of_doorbells(void **state)
{
	struct err err;
	bool works;
	struct vm *vm;

	(void)state;
	mshv_fake_reset();
	assert_int_equal(mshv_fake_create(&vm, 1, HV_PARAVIRT_IDENTICAL, &err),
			 0);
	/* Without a script each run is interrupted. */
	assert_int_equal(bell_check(vm->hv, vm->vcpus[0].hv, &vm->mem, &works),
			 0);
	assert_true(works);
	assert_false(vm->hv->has_dead_bells);
	vm_destroy(vm);
}

/* --- facts ---------------------------------------------------------------- */

static int all_but_one(struct mshv_hvcall *call)
{
	const struct mshv_in_get_property *in =
		(const void *)(uintptr_t)call->in_ptr;
	uint64_t *out = (void *)(uintptr_t)call->out_ptr;

	if (call->code == MSHV_HVCALL_GET_PROPERTY &&
	    in->code == MSHV_PROP_CLFLUSH_SIZE) {
		call->status = MSHV_STATUS_ACCESS_DENIED;
		return -EIO;
	}
	if (out)
		memset(out, 0, call->out_bytes);
	if (call->code == MSHV_HVCALL_GET_PROPERTY)
		out[0] = in->code;
	return 0;
}

static struct {
	size_t count, refused;
	uint64_t features0;
} gathered;

static void take_fact(void *arg, const struct mshv_fact *fact)
{
	(void)arg;
	gathered.count++;
	gathered.refused += fact->error != 0;
	if (!strcmp(fact->name, "processor_features0"))
		gathered.features0 = fact->value;
}

static void properties_are_gathered(void **state)
{
	(void)state;
	mshv_fake_reset();
	memset(&gathered, 0, sizeof(gathered));
	mshv_fake_state.hvcall = all_but_one;
	assert_int_equal(
		facts_gather(&mshv_fake_sys, "/dev/mshv", take_fact, NULL), 0);
	assert_int_equal(gathered.count, 19);
	/* The one, and the two whose banks are empty here. */
	assert_int_equal(gathered.refused, 3);
	assert_int_equal(gathered.features0, MSHV_PROP_PROCESSOR_FEATURES0);
	assert_int_equal(mshv_fake_state.open_count, 0);
	mshv_fake_state.open_error = -ENOENT;
	assert_int_equal(
		facts_gather(&mshv_fake_sys, "/dev/mshv", take_fact, NULL),
		-ENOENT);
	assert_int_equal(gathered.count, 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_ram_is_given_and_run_again),
		cmocka_unit_test(ram_that_stays_lost_is_an_error),
		cmocka_unit_test(an_unanswered_cpuid_is_the_hosts_masked),
		cmocka_unit_test(sgx_is_hidden),
		cmocka_unit_test(features_are_asked_for_by_what_is_assignable),
		cmocka_unit_test(a_dead_doorbell_is_found_at_start),
		cmocka_unit_test(a_vcpu_that_fails_says_nothing_of_doorbells),
		cmocka_unit_test(properties_are_gathered),
	};

	return RUN_TESTS(tests);
}
