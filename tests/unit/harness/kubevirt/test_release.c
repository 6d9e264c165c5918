// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * release: names of tags and what stands in for one that is not known; values
 * that a patch release changed; each with a place in KubeVirt's sources.
 */
#include "tests/unit/test.h"

#include <regex.h>

#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/expect.h"

static void names_find_their_tag(void **state)
{
	static const struct {
		const char *asked, *tag;
		bool is_exact;
	} cases[] = {
		{"main", "main", true},
		{"v1.0.0", "v1.0.0", true},
		{"1.6.3", "v1.6.3", true},
		{"v1.6.3", "v1.6.3", true},
		/* Without a patch: the newest of them. */
		{"v1.6", "v1.6.6", true},
		{"1.0", "v1.0.1", true},
		{"v1.9", "v1.9.0", true},
		/* The nearest before one that is not known. */
		{"v1.2.3", "v1.2.2", false},
		{"v1.6.99", "v1.6.6", false},
		{"v1.9.1", "v1.9.0", false},
		{"v1.10.0", "v1.9.0", false},
		{"v1.10", "v1.9.0", false},
		{"v1.999", "v1.9.0", false},
		{"v1.7.0-rc.1", "v1.7.0", false},
		{"v1.7.0-alpha.0", "v1.7.0", false},
		{"v1.999.0", "v1.9.0", false},
		/* Of another major. */
		{"v2.0.0", "v1.9.0", false},
		{"2.0.0", "v1.9.0", false},
		{"v2.5.1", "v1.9.0", false},
		{"v2.0.0-rc.1", "v1.9.0", false},
		{"v999.0.0", "v1.9.0", false},
		{"v0.59.0", "v1.0.0", false},
		{"v0.999.999", "v1.0.0", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct kubevirt_release *r =
			kubevirt_release_find(cases[i].asked);

		if (!r)
			fail_msg("'%s' is not found", cases[i].asked);
		assert_string_equal(kubevirt_release_name(r), cases[i].tag);
		if (kubevirt_release_is_exact(r, cases[i].asked) !=
		    cases[i].is_exact)
			fail_msg("'%s'", cases[i].asked);
	}
}

static void other_names_find_none(void **state)
{
	static const char *const names[] = {
		"",
		"v",
		"v1",
		"v2.0",
		"v0.1",
		"mainline",
		"main.1",
		"Main",
		"v1.",
		"v1.x",
		"v1.-1",
		"v1.6.",
		"v1.6.x",
		"v1.6.-1",
		"v1.6.3.1",
		"v1.6.3x",
		"vv1.6.3",
		"v1.6 ",
		"1.6.3rc1",
		"v1.1000",
		/* What sscanf() would take for numbers. */
		"v1. 5.0",
		"v1.+5.0",
		"v1.5. 0",
		"v1.5.+0",
		"v 1.5.0",
		"v+1.5.0",
		" v1.5.0",
		"v1.-5.0",
		"v1.5.-0",
		"v1.\t5.0",
		"v-1.5.0",
		"v2.x.0",
		"v2.0.0.0",
		"v1000.0.0",
		"v1.5.1000",
		"v01.5.0",
		"v1.05.0",
		"v1.5.00",
		"v1..5",
		".1.5",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (kubevirt_release_find(names[i]))
			fail_msg("'%s' is found", names[i]);
}

static void all_are_in_order(void **state)
{
	size_t count = kubevirt_release_count(), i;

	(void)state;
	assert_int_equal(count, 34);
	for (i = 0; i < count; i++) {
		const struct kubevirt_release *r = kubevirt_release_at(i);
		const char *name = kubevirt_release_name(r);

		assert_ptr_equal(kubevirt_release_find(name), r);
		assert_true(kubevirt_release_is_exact(r, name));
	}
	assert_string_equal(kubevirt_release_name(kubevirt_release_at(0)),
			    "v1.0.0");
	assert_string_equal(
		kubevirt_release_name(kubevirt_release_at(count - 1)), "main");
	assert_contains(kubevirt_release_names(), "v1.0.0");
	assert_contains(kubevirt_release_names(), "v1.9.0");
	assert_contains(kubevirt_release_names(), "main");
}

static const struct {
	enum kubevirt_trait trait;
	const char *name;
	int value;
} values[] = {
	{TRAIT_VIRTLOGD_MIB, "v1.4.1", 20},
	{TRAIT_VIRTLOGD_MIB, "v1.5.0", 25},
	{TRAIT_VIRTQEMUD_MIB, "v1.4.0", 35},
	{TRAIT_VIRTQEMUD_MIB, "v1.4.1", 40},
	{TRAIT_QEMU_MIB, "v1.9.0", 30},
	{TRAIT_QEMU_MIB, "main", 50},
	{TRAIT_GRAPHICS_MIB, "v1.5.3", 16},
	{TRAIT_GRAPHICS_MIB, "v1.6.0", 32},
	{TRAIT_PASST_MIB, "v1.2.2", 800},
	{TRAIT_PASST_MIB, "v1.3.0", 0},
	{TRAIT_PASST_BINDING_MIB, "v1.7.4", 0},
	{TRAIT_PASST_BINDING_MIB, "v1.8.0", 250},
	{TRAIT_DEDICATED_MIB, "v1.0.1", 0},
	{TRAIT_DEDICATED_MIB, "v1.1.0", 100},
	{TRAIT_DEDICATED_IS_AFTER_RATIO, "v1.1.0", true},
	{TRAIT_DEDICATED_IS_AFTER_RATIO, "v1.5.2", true},
	{TRAIT_DEDICATED_IS_AFTER_RATIO, "v1.5.3", false},
	{TRAIT_TPM_HAS_ENABLED, "v1.4.0", false},
	{TRAIT_TPM_HAS_ENABLED, "v1.4.1", true},
	{TRAIT_TPM_HAS_ENABLED, "v1.5.0", false},
	{TRAIT_TPM_HAS_ENABLED, "v1.5.1", true},
	{TRAIT_TPM_HAS_ENABLED, "main", true},
	{TRAIT_SNP_IS_SEV, "v1.6.6", false},
	{TRAIT_SNP_IS_SEV, "v1.7.0", true},
	{TRAIT_RESERVED_OVERHEAD, "v1.7.4", false},
	{TRAIT_RESERVED_OVERHEAD, "v1.8.0", true},
	{TRAIT_FILLS_REQUEST, "v1.6.3", true},
	{TRAIT_FILLS_REQUEST, "v1.6.4", false},
	{TRAIT_RENDERS_OVERCOMMIT, "v1.6.1", false},
	{TRAIT_RENDERS_OVERCOMMIT, "v1.6.2", true},
	{TRAIT_RENDERS_OVERCOMMIT, "v1.6.3", false},
	{TRAIT_FILLS_GUEST, "v1.2.2", false},
	{TRAIT_FILLS_GUEST, "v1.3.0", true},
	{TRAIT_HOTPLUG, "v1.2.2", HOTPLUG_NEVER},
	{TRAIT_HOTPLUG, "v1.4.1", HOTPLUG_BY_GATE},
	{TRAIT_HOTPLUG, "v1.5.0", HOTPLUG_IF_ASKED},
	{TRAIT_HOTPLUG, "v1.6.0", HOTPLUG_BY_DEFAULT},
	{TRAIT_PINNING, "v1.1.0", PINNING_LIMITS},
	{TRAIT_PINNING, "v1.1.1", PINNING_EVEN},
	{TRAIT_PINNING, "v1.5.1", PINNING_IO_THREADS},
	{TRAIT_PINNING, "v1.5.2", PINNING_BOTH},
	{TRAIT_CONSOLE_LOG, "v1.0.1", CONSOLE_LOG_NONE},
	{TRAIT_CONSOLE_LOG, "v1.1.0", CONSOLE_LOG_CONTAINER},
	{TRAIT_CONSOLE_LOG, "v1.6.0", CONSOLE_LOG_INIT},
	{TRAIT_IMAGE_VOLUME, "v1.5.3", IMAGE_VOLUME_NEVER},
	{TRAIT_IMAGE_VOLUME, "v1.6.0", IMAGE_VOLUME_BARE},
	{TRAIT_IMAGE_VOLUME, "v1.8.4", IMAGE_VOLUME_INIT},
	{TRAIT_IMAGE_VOLUME, "v1.9.0", IMAGE_VOLUME_DEFAULT},
	{TRAIT_MEMORY_QUOTA, "v1.0.0", GATED_NEVER},
	{TRAIT_MEMORY_QUOTA, "v1.0.1", GATED_BY_GATE},
	{TRAIT_MEMORY_QUOTA, "v1.5.0", GATED_ALWAYS},
	{TRAIT_MEMLOCK, "v1.6.3", MEMLOCK_REQUEST},
	{TRAIT_MEMLOCK, "v1.6.4", MEMLOCK_MAX_OR_REQUEST},
	{TRAIT_MEMLOCK, "v1.8.0", MEMLOCK_MAX_REQUEST_GUEST},
	{TRAIT_MEMLOCK, "main", MEMLOCK_IS_UNLIMITED},
	{TRAIT_MEMLOCK_PER_DEVICE, "v1.8.2", false},
	{TRAIT_MEMLOCK_PER_DEVICE, "v1.8.3", true},
};

static void patch_releases_change_values(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		const struct kubevirt_release *r =
			kubevirt_release_find(values[i].name);

		assert_string_equal(kubevirt_release_name(r), values[i].name);
		if (kubevirt_trait(r, values[i].trait) != values[i].value)
			fail_msg("%s, row %zu: %d", values[i].name, i,
				 kubevirt_trait(r, values[i].trait));
	}
}

static int compare_tags(struct kubevirt_tag a, struct kubevirt_tag b)
{
	return a.minor != b.minor ? a.minor - b.minor : a.patch - b.patch;
}

/* Each is one that holds since a tag that is not newer, from a file and line
 * of KubeVirt, and later tags have later facts. */
static void facts_have_sources_and_are_in_order(void **state)
{
	regex_t place;
	size_t trait, i;

	(void)state;
	assert_int_equal(regcomp(&place, "^[a-z0-9_./-]+\\.go:[1-9][0-9]*$",
				 REG_EXTENDED | REG_NOSUB),
			 0);
	for (trait = 0; trait < TRAIT_COUNT; trait++) {
		const struct kubevirt_fact *f, *before = NULL;

		for (i = 0; i < kubevirt_release_count(); i++) {
			f = kubevirt_fact(kubevirt_release_at(i),
					  (enum kubevirt_trait)trait);
			if (!f) {
				assert_null(before);
				continue;
			}
			assert_int_equal(f->trait, trait);
			if (regexec(&place, f->source, 0, NULL, 0))
				fail_msg("%s", f->source);
			if (f != before && before)
				assert_true(compare_tags(before->since,
							 f->since) < 0);
			before = f;
		}
		if (!before)
			fail_msg("trait %zu has no fact", trait);
	}
	regfree(&place);
}

/* A fact begins with a tag that is known, and changes the value there. */
static void facts_begin_where_a_value_changes(void **state)
{
	size_t trait, i;

	(void)state;
	for (trait = 0; trait < TRAIT_COUNT; trait++)
		for (i = 0; i < kubevirt_release_count(); i++) {
			enum kubevirt_trait t = (enum kubevirt_trait)trait;
			const struct kubevirt_release *r =
				kubevirt_release_at(i);
			const struct kubevirt_fact *f = kubevirt_fact(r, t);
			const struct kubevirt_fact *older =
				i ? kubevirt_fact(kubevirt_release_at(i - 1), t)
				  : NULL;
			char name[16];

			assert_int_equal(kubevirt_trait(r, t),
					 f ? f->value : 0);
			if (!f || f == older)
				continue;
			assert_true(!older || f->value != older->value);
			snprintf(name, sizeof(name), "v1.%d.%d", f->since.minor,
				 f->since.patch);
			if (strcmp(kubevirt_release_name(r), "main") != 0)
				assert_string_equal(kubevirt_release_name(r),
						    name);
		}
}

static void the_hypervisor_is_chosen_since_v1_8(void **state)
{
	(void)state;
	assert_false(kubevirt_release_has_hypervisor_gate(
		kubevirt_release_find("v1.7")));
	assert_true(kubevirt_release_has_hypervisor_gate(
		kubevirt_release_find("v1.8.0")));
	assert_true(kubevirt_release_has_hypervisor_gate(
		kubevirt_release_find("main")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_find_their_tag),
		cmocka_unit_test(other_names_find_none),
		cmocka_unit_test(all_are_in_order),
		cmocka_unit_test(patch_releases_change_values),
		cmocka_unit_test(facts_have_sources_and_are_in_order),
		cmocka_unit_test(facts_begin_where_a_value_changes),
		cmocka_unit_test(the_hypervisor_is_chosen_since_v1_8),
	};

	return RUN_TESTS(tests);
}
