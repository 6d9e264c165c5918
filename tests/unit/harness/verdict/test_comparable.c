// SPDX-License-Identifier: GPL-3.0-or-later
/* comparable: values are compared whole, and shown by what differs. */
#include "tests/unit/test.h"

#include "harness/base/strbuf.h"
#include "harness/verdict/comparable.h"
#include "tests/unit/fixture/expect.h"

static struct differences between(const char *a, const char *b)
{
	json_t *x = json_pack("{s:s}", "cpu.flags", a);
	json_t *y = json_pack("{s:s}", "cpu.flags", b);
	struct differences d;

	differences_init(&d, x, y);
	json_decref(x);
	json_decref(y);
	return d;
}

static void must_show(const char *a, const char *b, const char *short_a,
		      const char *short_b)
{
	struct differences d = between(a, b);

	assert_int_equal(d.count, 1);
	assert_string_equal(d.rows[0].a, a);
	assert_string_equal(d.rows[0].b, b);
	assert_string_equal(d.rows[0].short_a, short_a);
	assert_string_equal(d.rows[0].short_b, short_b);
	differences_release(&d);
}

#define FLAGS "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov"

static void long_lists_are_shown_by_their_words(void **state)
{
	struct differences d = between(FLAGS " avx2", FLAGS " avx2");

	(void)state;
	assert_int_equal(d.count, 0);
	differences_release(&d);
	must_show(FLAGS " avx2 ibrs", FLAGS " ibrs", "also avx2",
		  "nothing more");
	must_show(FLAGS " avx2 ibrs", "smx " FLAGS " ibpb", "also avx2 ibrs",
		  "also smx ibpb");
	/* Part of a word is none. */
	must_show(FLAGS " avx", FLAGS " avx2", "also avx", "also avx2");
}

static void long_texts_are_shown_from_where_they_differ(void **state)
{
	(void)state;
	must_show(
		"BOOT_IMAGE=/boot/vmlinuz-6.1.0-44-amd64-with-a-long-name-in-it-A",
		"BOOT_IMAGE=/boot/vmlinuz-6.1.0-44-amd64-with-a-long-name-in-it-B",
		"...long-name-in-it-A", "...long-name-in-it-B");
	/* The same words in another order. */
	must_show(FLAGS " a b", FLAGS " b a", "...rr pge mca cmov a b",
		  "...rr pge mca cmov b a");
}

static void short_values_are_shown_as_they_are(void **state)
{
	(void)state;
	must_show("0xa1", "0xa2", "0xa1", "0xa2");
	must_show("a b c d e f g h i", "a b c d e f g h j", "a b c d e f g h i",
		  "a b c d e f g h j");
}

/* More words than are worth to look for in each other. */
static void endless_lists_are_only_compared(void **state)
{
	struct strbuf a = {0}, b = {0};
	struct differences d;
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		strbuf_printf(&a, "%d ", i);
		strbuf_printf(&b, "%d ", i + (i == 49999));
	}
	d = between(a.str, b.str);
	assert_int_equal(d.count, 1);
	assert_contains(d.rows[0].short_a, "...");
	assert_contains(d.rows[0].short_a, "49999 ");
	differences_release(&d);
	strbuf_release(&a);
	strbuf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_lists_are_shown_by_their_words),
		cmocka_unit_test(long_texts_are_shown_from_where_they_differ),
		cmocka_unit_test(short_values_are_shown_as_they_are),
		cmocka_unit_test(endless_lists_are_only_compared),
	};

	return RUN_TESTS(tests);
}
