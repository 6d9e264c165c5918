// SPDX-License-Identifier: GPL-3.0-or-later
/* boot_line: byte for byte what jansson makes of the whole boot. */
#include "harness/store/boot_line.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/run_data.h"

static int set_up(void **state)
{
	struct boot_data *b = xcalloc(1, sizeof(*b));

	b->position = 7;
	b->bc.block = 3;
	b->bc.vcpu_count = 2;
	b->bc.ram_bytes = 1ull << 40;
	snprintf(b->bc.runner, sizeof(b->bc.runner), "kvm");
	result_init(&b->res);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct boot_data *b = *state;

	result_release(&b->res);
	free(b);
	return 0;
}

static void fill(struct series *s, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		*series_add_sample(s) = (struct sample){
			.section = (uint32_t)i,
			.elapsed_ns = INT64_MAX,
			.host_elapsed_ns = 10 * i,
			.value = i % 2 ? 1e17 * (double)i : (double)i / 3,
			.waited_ns = i,
			.disturbances = (uint32_t)i % 32};
}

static void must_be_jansson_s(const struct boot_data *b)
{
	json_t *line = json_pack(
		"{s:{s:I, s:I, s:s, s:s, s:I, s:I}, s:o}", "boot", "position",
		(json_int_t)b->position, "block", (json_int_t)b->bc.block,
		"runner", b->bc.runner, "paravirt", b->bc.paravirt,
		"vcpu_count", (json_int_t)b->bc.vcpu_count, "ram_bytes",
		(json_int_t)b->bc.ram_bytes, "result", result_to_json(&b->res));
	char *text = json_dumps(line, JSON_COMPACT), *want;
	struct strbuf out = {0};
	struct err err = {0};

	want = xasprintf("before\n%s\n", text);
	strbuf_puts(&out, "before\n");
	assert_int_equal(boot_line_add(b, &out, &err), 0);
	assert_string_equal(out.str, want);
	strbuf_release(&out);
	json_decref(line);
	free(text);
	free(want);
}

static void every_sample_is_in_its_series(void **state)
{
	struct boot_data *b = *state;
	const struct figure figure = {.sample_count = 4, .median = 2.5};

	must_be_jansson_s(b);
	fill(result_add_series(&b->res, "null", "", "ns"), 100);
	/* One without, and one that has a figure in their place. */
	series_refuse(result_add_series(&b->res, "cpu_aes", "", "ns"),
		      RUN_SKIPPED, "no \"samples\":[ here");
	series_set_figure(result_add_series(&b->res, "delay", "1", "ns"),
			  &figure);
	fill(result_add_series(&b->res, "delay", "2", "ns"), 1);
	result_add_document(&b->res, "null", "", "{\"samples\":[1]}");
	b->res.console = xstrdup("\"samples\":[\n");
	must_be_jansson_s(b);
}

static void what_json_cannot_hold_is_left_out(void **state)
{
	struct boot_data *b = *state;
	struct series *s = result_add_series(&b->res, "null", "", "ns");

	fill(s, 4);
	s->samples[0].value = INFINITY;
	s->samples[2].value = NAN;
	must_be_jansson_s(b);
}

static void a_line_that_cannot_be_is_none(void **state)
{
	struct boot_data *b = *state;
	struct series *s = result_add_series(&b->res, "null", "", "ns");
	struct strbuf out = {0};
	struct err err = {0};

	snprintf(s->workload, sizeof(s->workload), "\xff");
	strbuf_puts(&out, "before\n");
	assert_int_equal(boot_line_add(b, &out, &err), -EIO);
	assert_int_equal(out.len, 7);
	snprintf(s->workload, sizeof(s->workload), "null");
	b->res.console = xcalloc(BUNDLE_MAX_LINE_BYTES + 1, 1);
	memset(b->res.console, 'x', BUNDLE_MAX_LINE_BYTES);
	assert_int_equal(boot_line_add(b, &out, &err), -EFBIG);
	assert_int_equal(out.len, 7);
	strbuf_release(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_sample_is_in_its_series),
		TEST(what_json_cannot_hold_is_left_out),
		TEST(a_line_that_cannot_be_is_none),
	};

	return RUN_TESTS(tests);
}
