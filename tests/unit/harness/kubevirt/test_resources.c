// SPDX-License-Identifier: GPL-3.0-or-later
/* resources: lists of amounts by name, which do not grow without bounds. */
#include "tests/unit/test.h"

#include "harness/kubevirt/resources.h"
#include "tests/unit/fixture/run/json_path.h"

static void amounts_have_names(void **state)
{
	struct resources r = {.count = 0};

	(void)state;
	assert_false(resources_get(&r, "a").is_set);
	resources_set(&r, "a", quantity_of(2));
	resources_set(&r, "b", quantity_of(0));
	resources_set(&r, "a", quantity_of(3));
	assert_int_equal(r.count, 2);
	assert_int_equal(quantity_value(resources_get(&r, "a").q), 3);
	assert_true(resources_get(&r, "b").is_set);
	resources_add(&r, "a", quantity_of(4));
	resources_add(&r, "c", quantity_of(5));
	assert_int_equal(quantity_value(resources_get(&r, "a").q), 7);
	assert_int_equal(quantity_value(resources_get(&r, "c").q), 5);
}

static void copies_replace(void **state)
{
	struct resources into = {.count = 0}, from = {.count = 0};

	(void)state;
	resources_set(&into, "a", quantity_of(1));
	resources_set(&into, "b", quantity_of(2));
	resources_set(&from, "b", quantity_of(3));
	resources_set(&from, "c", quantity_of(4));
	resources_copy(&into, &from);
	assert_int_equal(into.count, 3);
	assert_int_equal(quantity_value(resources_get(&into, "a").q), 1);
	assert_int_equal(quantity_value(resources_get(&into, "b").q), 3);
	assert_int_equal(quantity_value(resources_get(&into, "c").q), 4);
}

static void a_full_list_says_so(void **state)
{
	static char names[RESOURCES_MAX + 1][8];
	struct resources r = {.count = 0}, copy = {.count = 0};
	size_t i;

	(void)state;
	for (i = 0; i <= RESOURCES_MAX; i++) {
		assert_false(r.is_full);
		snprintf(names[i], sizeof(names[i]), "r%zu", i);
		resources_set(&r, names[i], quantity_of(1));
	}
	assert_true(r.is_full);
	assert_int_equal(r.count, RESOURCES_MAX);
	resources_copy(&copy, &r);
	assert_true(copy.is_full);
}

/* Thousandths of CPUs, and all else rounded up. */
static void json_has_whole_numbers(void **state)
{
	struct resources r = {.count = 0};
	struct quantity q = {1500000000};
	json_t *json;

	(void)state;
	resources_set(&r, RESOURCE_CPU, q);
	resources_set(&r, RESOURCE_MEMORY, q);
	json = resources_to_json(&r);
	assert_json_number(json, "cpu", 1500);
	assert_json_number(json, "memory", 2);
	assert_int_equal(json_object_size(json), 2);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_have_names),
		cmocka_unit_test(copies_replace),
		cmocka_unit_test(a_full_list_says_so),
		cmocka_unit_test(json_has_whole_numbers),
	};

	return RUN_TESTS(tests);
}
