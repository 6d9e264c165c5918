// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The CPU that the mshv backend gives a VP: which leaves it reads of a made-up
 * hypervisor, what it registers for each, and what it does when it may not.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "mshv/abi.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mshv_fake.h"

struct leaf {
	uint32_t leaf, subleaf;
	uint32_t out[4];
};

/* A CPU of Intel's, as small as it can be and have each kind of leaf. */
static const struct leaf intel[] = {
	{0, 0, {0x1f, 0x756e6547, 0x6c65746e, 0x49656e69}},
	{1, 0, {0x806f8, 0x00200800, 0xffffffff, 0xffffffff}},
	{2, 0, {0x00feff01, 0xf0, 0, 0}},
	/* Two caches, and a third entry that ends the list. */
	{4, 0, {0xfc004121, 0x02c0003f, 0x3f, 0}},
	{4, 1, {0xfc01c163, 0x0380003f, 0x7fff, 4}},
	{4, 3, {0xffffffff, 1, 2, 3}}, /* behind the end */
	/* Two subleaves, as the first says; a third would be asked in vain. */
	{7, 0, {1, 0xffffffff, 0xffffffff, 0xffffffff}},
	{7, 1, {0x1c30, 0, 0, 0}},
	{7, 2, {0, 0, 0, 0x3f}},
	/* Levels until one of no kind, whose number it has all the same. */
	{0xb, 0, {1, 2, 0x100, 5}},
	{0xb, 1, {7, 112, 0x201, 5}},
	{0xb, 2, {0, 0, 2, 5}},
	{0x1f, 0, {1, 2, 0x100, 5}},
	/* Components with holes between them. */
	{0xd, 0, {0x207, 0xa88, 0xa88, 0}},
	{0xd, 1, {0xf, 0xa88, 0x1800, 0}},
	{0xd, 2, {0x100, 0x240, 0, 0}},
	{0xd, 9, {8, 0xa80, 0, 0}},
	{0x16, 0, {2000, 3800, 100, 0}},
	{0x80000000, 0, {0x80000008, 0, 0, 0}},
	{0x80000001, 0, {0, 0, 0x121, 0x2c100800}},
	{0x80000007, 0, {0, 0, 0, 0x100}},
	{0x80000008, 0, {0x303934, 0, 0, 0}},
};

static struct mshv_in_cpuid_result given[512];
static size_t given_count;
static uint32_t refused_leaf; /* its override is refused; 0: none */
static bool endless;          /* leaf 7 has as many subleaves as one asks for */

static void leaf_of_intel(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	size_t i;

	memset(out, 0, 4 * sizeof(*out));
	for (i = 0; i < ARRAY_SIZE(intel); i++)
		if (intel[i].leaf == leaf && intel[i].subleaf == subleaf)
			memcpy(out, intel[i].out, sizeof(intel[i].out));
	if (endless && leaf == 7)
		out[0] = out[1] = 0xffffffff;
}

static int answer(struct mshv_hvcall *call)
{
	const uint8_t *in = (const uint8_t *)(uintptr_t)call->in_ptr;
	struct mshv_cpuid_query query;

	if (call->out_ptr)
		memset((void *)(uintptr_t)call->out_ptr, 0, call->out_bytes);
	if (call->code == MSHV_HVCALL_GET_CPUID) {
		memcpy(&query, in + sizeof(struct mshv_in_cpuid),
		       sizeof(query));
		leaf_of_intel(query.leaf, query.subleaf,
			      (uint32_t *)(uintptr_t)call->out_ptr);
	}
	if (call->code != MSHV_HVCALL_REGISTER_RESULT)
		return 0;
	assert_true(given_count < ARRAY_SIZE(given));
	memcpy(&given[given_count], in, sizeof(given[0]));
	if (refused_leaf && given[given_count].leaf == refused_leaf)
		return -EINVAL;
	given_count++;
	return 0;
}

/* A VM of so many vCPUs; what comes of it is in GIVEN. */
static int create(uint32_t vcpu_count, struct err *err)
{
	struct vm *vm;
	int ret;

	mshv_fake_reset();
	mshv_fake_state.hvcall = answer;
	given_count = 0;
	ret = mshv_fake_create(&vm, vcpu_count, HV_PARAVIRT_IDENTICAL, err);
	vm_destroy(vm);
	return ret;
}

static const struct mshv_in_cpuid_result *shown(uint32_t vp, uint32_t leaf,
						uint32_t subleaf)
{
	size_t i;

	for (i = 0; i < given_count; i++)
		if (given[i].vp == vp && given[i].leaf == leaf &&
		    given[i].subleaf == subleaf)
			return &given[i];
	return NULL;
}

static uint32_t value_of(uint32_t vp, uint32_t leaf, uint32_t subleaf, int reg)
{
	const struct mshv_in_cpuid_result *r = shown(vp, leaf, subleaf);

	if (!r)
		fail_msg("no override of leaf 0x%x.%u", leaf, subleaf);
	return r->out[reg].value;
}

/* What no policy touches is the hypervisor's, of each leaf and subleaf once. */
static void leaves_are_the_hypervisors(void **state)
{
	static const uint32_t kept[][2] = {
		{2, 0}, {7, 1}, {0xd, 2}, {0xd, 9}, {0x16, 0}, {0x80000000, 0}};
	uint32_t out[4];
	struct err err;
	size_t i, k;
	int reg;

	(void)state;
	if (create(1, &err))
		fail_msg("%s", err.msg);
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		leaf_of_intel(kept[i][0], kept[i][1], out);
		for (reg = 0; reg < 4; reg++)
			assert_int_equal(
				value_of(0, kept[i][0], kept[i][1], reg),
				out[reg]);
	}
	for (i = 0; i < given_count; i++) {
		assert_int_equal(given[i].type, MSHV_INTERCEPT_CPUID);
		assert_int_equal(given[i].always, 1);
		assert_true(given[i].is_subleaf || !given[i].subleaf);
		for (k = 0; k < i; k++)
			assert_false(given[k].leaf == given[i].leaf &&
				     given[k].subleaf == given[i].subleaf);
	}
}

static void lists_of_subleaves_end(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(create(1, &err), 0);
	assert_non_null(shown(0, 4, 1));
	assert_null(shown(0, 4, 3));
	assert_null(shown(0, 7, 2));
	assert_null(shown(0, 0xb, 2));
	assert_null(shown(0, 0xd, 3));
	/* A leaf without subleaves says so. */
	assert_false(shown(0, 2, 0)->is_subleaf);
	assert_true(shown(0, 4, 0)->is_subleaf);
	assert_true(shown(0, 0xd, 9)->is_subleaf);
	/* The table's own end. */
	assert_null(shown(0, 0x20, 0));
	assert_null(shown(0, 0x80000009, 0));
}

/* OSXSAVE, APIC and OSPKE follow the guest's registers, and so does the size of
 * its XSAVE area (SDM vol. 2A, CPUID): there the hypervisor answers. */
static void bits_that_follow_the_guest(void **state)
{
	static const struct {
		uint32_t leaf, subleaf;
		int reg;
		uint32_t mask;
	} cases[] = {
		{1, 0, 2, ~(1u << 27)},
		{1, 0, 3, ~(1u << 9)},
		{7, 0, 2, ~(1u << 4)},
		{0xd, 0, 1, 0},
		{0xd, 1, 1, 0},
		{0xd, 2, 1, ~0u},
		{0x80000001, 0, 3, ~(1u << 9)},
		{7, 1, 2, ~0u},
		{1, 0, 0, ~0u},
		{7, 0, 1, ~0u},
	};
	struct err err;
	size_t i;

	(void)state;
	assert_int_equal(create(1, &err), 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(shown(0, cases[i].leaf, cases[i].subleaf)
					 ->out[cases[i].reg]
					 .mask,
				 cases[i].mask);
	for (i = 0; i < given_count; i++)
		assert_int_equal(given[i].out[2].value & ~given[i].out[2].mask,
				 0);
}

/* Each vCPU has its number, and all are one package of single-threaded cores. */
static void vcpus_have_their_numbers(void **state)
{
	struct err err;
	uint32_t vp;
	int reg;

	(void)state;
	assert_int_equal(create(3, &err), 0);
	for (vp = 0; vp < 3; vp++) {
		assert_int_equal(value_of(vp, 1, 0, 1) >> 24, vp);
		assert_int_equal(value_of(vp, 0xb, 0, 3), vp);
		assert_int_equal(value_of(vp, 0xb, 1, 3), vp);
		/* Three cores are two bits of the APIC's number. */
		assert_int_equal(value_of(vp, 0xb, 1, 0), 2);
		assert_int_equal(value_of(vp, 0xb, 1, 1), 3);
		/* 0x1f is a newer 0xb, and might say something else. */
		for (reg = 0; reg < 4; reg++)
			assert_int_equal(value_of(vp, 0x1f, 0, reg), 0);
	}
}

/* The hypervisor's own leaves may be its own affair; others may not. */
static void overrides_that_are_refused(void **state)
{
	static const struct {
		uint32_t leaf;
		int ret;
		const char *says;
	} cases[] = {
		{0x40000000, 0, NULL},
		{1, -EINVAL, "leaf 0x1"},
		{0x80000008, -EINVAL, "leaf 0x80000008"},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		refused_leaf = cases[i].leaf;
		assert_int_equal(create(1, &err), cases[i].ret);
		if (cases[i].says)
			assert_contains(err.msg, cases[i].says);
		assert_int_equal(mshv_fake_state.open_count, 0);
	}
	refused_leaf = 0;
}

static void a_list_without_an_end(void **state)
{
	struct err err;

	(void)state;
	endless = true;
	assert_int_equal(create(1, &err), -E2BIG);
	assert_contains(err.msg, "CPUID");
	assert_int_equal(given_count, 0);
	endless = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_are_the_hypervisors),
		cmocka_unit_test(lists_of_subleaves_end),
		cmocka_unit_test(bits_that_follow_the_guest),
		cmocka_unit_test(vcpus_have_their_numbers),
		cmocka_unit_test(overrides_that_are_refused),
		cmocka_unit_test(a_list_without_an_end),
	};

	return RUN_TESTS(tests);
}
