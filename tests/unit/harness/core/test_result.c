// SPDX-License-Identifier: GPL-3.0-or-later
/* result: every field goes through JSON and back, and nothing else does. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"
#include "tests/unit/fixture/expect.h"
#include "workloads/workload.h"

/* Rows with another value in each field; what is left out stays zero. */
union row {
	struct sample sample;
	struct phase phase;
	struct exit_row exit;
	struct series series;
};

static void fill_sample(union row *r)
{
	r->sample.section = UINT32_MAX;
	r->sample.elapsed_ns = UINT64_MAX;
	r->sample.host_elapsed_ns = 1;
	r->sample.value = 1.0 / 3;
	r->sample.waited_ns = 1ULL << 63;
	r->sample.disturbances = 5;
}

static void fill_phase(union row *r)
{
	/* As long as there is room for. */
	memset(r->phase.name, 'n', sizeof(r->phase.name) - 1);
	r->phase.mono_ns = 9;
}

static void fill_exit(union row *r)
{
	r->exit.vcpu = 7;
	snprintf(r->exit.kind, sizeof(r->exit.kind), "pio");
	r->exit.count = 8;
	r->exit.handled_ns = 9;
}

static void fill_series(union row *r)
{
	struct series *s = &r->series;

	snprintf(s->workload, sizeof(s->workload), "w");
	snprintf(s->point, sizeof(s->point), "p\xc3\xa4");
	snprintf(s->unit, sizeof(s->unit), "ns");
	s->status = RUN_VOID;
	snprintf(s->reason, sizeof(s->reason), "\"why\"\n");
	s->iterations = 3;
	s->lower_is_better = true;
	s->set_bytes = 4;
	s->page_bytes = 5;
	s->list_rank = 6;
}

static const struct {
	const struct result_field *fields;
	void (*fill)(union row *r);
	size_t size;
} rows[] = {
	{sample_fields, fill_sample, sizeof(struct sample)},
	{phase_fields, fill_phase, sizeof(struct phase)},
	{exit_fields, fill_exit, sizeof(struct exit_row)},
	{series_fields, fill_series, sizeof(struct series)},
};

static void fields_come_back(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		union row row, back;
		json_t *json;

		memset(&row, 0, sizeof(row));
		rows[i].fill(&row);
		memset(&back, 0, sizeof(back));
		json = result_fields_to_array(rows[i].fields, &row);
		assert_int_equal(
			result_fields_from_array(rows[i].fields, json, &back),
			0);
		assert_memory_equal(&row, &back, rows[i].size);
		json_decref(json);
		memset(&back, 0, sizeof(back));
		json = result_fields_to_object(rows[i].fields, &row);
		assert_int_equal(
			result_fields_from_object(rows[i].fields, json, &back),
			0);
		assert_memory_equal(&row, &back, rows[i].size);
		json_decref(json);
	}
}

/* Whether a field of this type may have the value. */
static bool is_right(enum result_field_type type, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER:
		return type == FIELD_U32 || type == FIELD_U64 ||
		       type == FIELD_REAL;
	case JSON_REAL:
		return type == FIELD_REAL;
	case JSON_STRING:
		return type == FIELD_TEXT || type == FIELD_STATUS;
	case JSON_TRUE:
	case JSON_FALSE:
		return type == FIELD_FLAG;
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

/* One field after the other has a value of each kind, and then none. */
static void wrong_values_are_refused(void **state)
{
	static const char values[] = "[1, 1.5, \"1\", true, null, [1], {}]";
	json_t *list = json_loads(values, 0, NULL);
	json_t *value;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct result_field *f;
		union row row;
		json_t *object;

		memset(&row, 0, sizeof(row));
		rows[i].fill(&row);
		object = result_fields_to_object(rows[i].fields, &row);
		for (f = rows[i].fields; f->name; f++) {
			json_t *before =
				json_incref(json_object_get(object, f->name));

			json_array_foreach(list, k, value) {
				int want =
					is_right(f->type, value) ? 0 : -EPROTO;

				json_object_set(object, f->name, value);
				assert_int_equal(
					result_fields_from_object(
						rows[i].fields, object, &row),
					want);
			}
			json_object_del(object, f->name);
			assert_int_equal(result_fields_from_object(
						 rows[i].fields, object, &row),
					 -EPROTO);
			json_object_set_new(object, f->name, before);
		}
		json_decref(object);
	}
	json_decref(list);
}

static void arrays_need_every_value(void **state)
{
	union row row;
	json_t *array;

	(void)state;
	memset(&row, 0, sizeof(row));
	fill_sample(&row);
	array = result_fields_to_array(sample_fields, &row);
	while (json_array_size(array)) {
		json_array_remove(array, json_array_size(array) - 1);
		assert_int_equal(
			result_fields_from_array(sample_fields, array, &row),
			-EPROTO);
	}
	json_decref(array);
	assert_int_equal(result_fields_from_array(sample_fields, NULL, &row),
			 -EPROTO);
}

static void texts_are_cut_to_their_field(void **state)
{
	struct phase p;
	json_t *json = json_pack("[s, i]",
				 "0123456789012345678901234567890123456789", 1);

	(void)state;
	assert_int_equal(result_fields_from_array(phase_fields, json, &p), 0);
	assert_string_equal(p.name, "0123456789012345678901234567890");
	assert_int_equal(p.mono_ns, 1);
	json_decref(json);
	/* What is no UTF-8 has no JSON. */
	snprintf(p.name, sizeof(p.name), "\xff");
	assert_null(result_fields_to_array(phase_fields, &p));
	assert_null(result_fields_to_object(phase_fields, &p));
}

static void fill_result(struct result *res)
{
	struct series *s;

	result_init(res);
	s = result_add_series(res, "null", "", "ns");
	series_add_sample(s)->value = 1;
	series_add_sample(s)->value = 2;
	result_add_phase(res, "init", 5);
	result_add_exit(res)->count = 3;
	result_add_document(res, "storage", "p", "{}");
	res->is_oom_killed = true;
	res->exit_cost_ns = 11;
	res->started_unix_ns = 12;
	res->elapsed_ns = 13;
	snprintf(res->boot_id, sizeof(res->boot_id), "id");
	res->identity = xstrdup("a=b\n");
	res->console = xstrdup("text");
}

static void must_be_refused(const json_t *json)
{
	struct err err = {0};
	struct result res;
	int ret = result_from_json(json, &res, &err);

	assert_int_equal(ret, -EPROTO);
	assert_int_equal(res.series_count, 0);
	assert_null(res.series);
}

/* But for those three, which a result may lack. */
static bool may_be_absent(const char *key)
{
	return !strcmp(key, "oom_killed") || !strcmp(key, "identity") ||
	       !strcmp(key, "console");
}

static void results_need_every_key(void **state)
{
	struct err err = {0};
	struct result res, back;
	json_t *json, *copy, *value;
	const char *key;

	(void)state;
	fill_result(&res);
	json = result_to_json(&res);
	copy = json_deep_copy(json);
	json_object_foreach(copy, key, value) {
		if (may_be_absent(key))
			continue;
		json_object_del(json, key);
		must_be_refused(json);
		json_object_set_new(json, key, json_null());
		if (!json_is_array(value))
			must_be_refused(json);
		json_object_set(json, key, value);
	}
	assert_int_equal(result_from_json(json, &back, &err), 0);
	assert_true(back.is_oom_killed);
	assert_string_equal(back.identity, "a=b\n");
	assert_string_equal(back.boot_id, "id");
	assert_int_equal(back.exit_cost_ns, 11);
	assert_int_equal(back.started_unix_ns, 12);
	assert_int_equal(back.elapsed_ns, 13);
	result_release(&back);
	json_object_del(json, "identity");
	json_object_del(json, "console");
	json_object_del(json, "oom_killed");
	assert_int_equal(result_from_json(json, &back, &err), 0);
	assert_string_equal(back.identity, "");
	assert_string_equal(back.console, "");
	assert_false(back.is_oom_killed);
	result_release(&back);
	json_decref(copy);
	json_decref(json);
	result_release(&res);
}

static void damaged_rows_take_the_rest_with_them(void **state)
{
	static const struct {
		const char *key, *value;
	} cases[] = {
		{"series", "[{}]"},
		{"series", "[7]"},
		{"phases", "[[\"init\"]]"},
		{"phases", "[[1, 2]]"},
		{"phases", "[[\"init\", \"2\"]]"},
		{"exits", "[[0, \"pio\", 1]]"},
		{"exits", "[{}]"},
		{"documents", "[[\"a\", \"b\"]]"},
		{"documents", "[[\"a\", \"b\", 3]]"},
		{"documents", "[{}]"},
	};
	struct result res;
	json_t *json, *before;
	size_t i;

	(void)state;
	fill_result(&res);
	json = result_to_json(&res);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		before = json_incref(json_object_get(json, cases[i].key));
		json_object_set_new(json, cases[i].key,
				    json_loads(cases[i].value, 0, NULL));
		must_be_refused(json);
		json_object_set_new(json, cases[i].key, before);
	}
	/* A series without samples of its own, and with one that is none. */
	before = json_array_get(json_object_get(json, "series"), 0);
	json_array_append_new(json_object_get(before, "samples"),
			      json_pack("[i]", 1));
	must_be_refused(json);
	json_object_del(before, "samples");
	must_be_refused(json);
	json_decref(json);
	result_release(&res);
}

/* What a guest said on its way down may be anything. */
static void raw_bytes_are_left_out(void **state)
{
	struct err err = {0};
	struct result res, back;
	json_t *json;

	(void)state;
	fill_result(&res);
	snprintf(res.console, 5, "\xff\xfe!");
	result_add_document(&res, "storage", "raw", "\xff");
	result_add_phase(&res, "\xc0", 6);
	json = result_to_json(&res);
	assert_int_equal(result_from_json(json, &back, &err), 0);
	assert_string_equal(back.identity, "a=b\n");
	assert_string_equal(back.console, "");
	assert_int_equal(back.document_count, 1);
	assert_int_equal(back.phase_count, 1);
	assert_int_equal(back.series[0].sample_count, 2);
	result_release(&back);
	json_decref(json);
	result_release(&res);
}

static void disturbances_are_listed(void **state)
{
	static const struct {
		uint32_t bits;
		const char *text;
	} cases[] = {
		{0, ""},
		{DISTURBED_CLOCKS, "clocks"},
		{DISTURBED_CPU | DISTURBED_MEMORY, "cpu, memory"},
		{DISTURBED_STEAL, "steal"},
		{0x1f, "clocks, cpu, steal, memory, frequency"},
		{0x20, ""}, /* of a later version */
		{0x80000010, "frequency"},
	};
	char buf[64], untouched[64];
	size_t i, size;

	(void)state;
	memset(untouched, 'x', sizeof(untouched));
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(
			disturbances_text(cases[i].bits, buf, sizeof(buf)),
			cases[i].text);
	/* Cut wherever its room ends, and no byte behind it is touched. */
	for (size = 1; size < 40; size++) {
		char want[64];

		memset(buf, 'x', sizeof(buf));
		snprintf(want, size, "%s", cases[4].text);
		assert_string_equal(disturbances_text(0x1f, buf, size), want);
		assert_memory_equal(buf + size, untouched, sizeof(buf) - size);
	}
}

static void statuses_have_one_name_each(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < RUN_STATUS_COUNT; i++) {
		const char *name = run_status_name((enum run_status)i);

		assert_int_equal(run_status_parse(name), i);
		for (k = 0; k < i; k++)
			assert_string_not_equal(
				name, run_status_name((enum run_status)k));
	}
	assert_int_equal(run_status_parse(NULL), RUN_RUNNER_FAILED);
	assert_int_equal(run_status_parse(""), RUN_RUNNER_FAILED);
	assert_int_equal(run_status_parse("OK"), RUN_RUNNER_FAILED);
}

static void machines_follow_from_series(void **state)
{
	static const struct {
		const char *a, *b;
		enum machine_kind kind;
	} cases[] = {
		{"null", "cpu_aes", MACHINE_PLAIN},
		{"storage", NULL, MACHINE_DISK},
		{"network", "null", MACHINE_NET},
		{"storage", "network_rr", MACHINE_DISK_AND_NET},
		{"micro_exit", NULL, MACHINE_MICRO},
		{"footprint", NULL, MACHINE_SHAPE},
		{"footprint_vfio", NULL, MACHINE_SHAPE},
		{"passthrough", NULL, MACHINE_DEVICE},
		{"passthrough_mmio", "passthrough", MACHINE_DEVICE},
		/* Its guest has a disk as any other. */
		{"passthrough_virtio", NULL, MACHINE_DISK},
		{"unheard of", NULL, MACHINE_PLAIN},
		{"unheard of", "storage_verify", MACHINE_DISK},
		{NULL, NULL, MACHINE_PLAIN},
	};
	struct result res;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		result_init(&res);
		if (cases[i].a)
			result_add_series(&res, cases[i].a, "", "ns");
		if (cases[i].b)
			result_add_series(&res, cases[i].b, "", "ns");
		if (result_machine(&res) != cases[i].kind)
			fail_msg("row %zu", i);
		result_release(&res);
	}
}

/* What the table of workloads and that of metrics say of a series. */
static void series_know_their_place(void **state)
{
	struct result res;
	const struct series *s;

	(void)state;
	result_init(&res);
	result_add_series(&res, "storage", "randread-4k-qd1/iops", "ops_per_s");
	result_add_series(&res, "storage", "randread-4k-qd1/p99", "ns");
	result_add_series(&res, "unheard of", "x/no metric", "ns");
	result_add_series(&res, "mem_latency", "", "ns");
	s = res.series;
	assert_false(s[0].lower_is_better);
	assert_true(s[1].lower_is_better);
	assert_true(s[2].lower_is_better);
	/* In the order of the metrics; the next point begins behind the last. */
	assert_true(s[0].list_rank < s[1].list_rank);
	assert_int_equal(s[1].list_rank - s[0].list_rank,
			 metric_index(metric_find("p99")) -
				 metric_index(metric_find("iops")));
	assert_int_equal(s[2].set_bytes, 0);
	result_release(&res);
}

static void what_is_not_believed_is_dropped(void **state)
{
	struct result res;

	(void)state;
	fill_result(&res);
	result_drop_series(&res);
	assert_int_equal(res.series_count, 0);
	assert_int_equal(res.document_count, 0);
	assert_int_equal(result_phase_ns(&res, "init"), 5);
	assert_int_equal(result_phase_ns(&res, "ini"), 0);
	result_add_series(&res, "null", "", "ns");
	result_add_document(&res, "storage", "p", "{}");
	assert_int_equal(res.series_count, 1);
	assert_null(res.series[0].samples);
	result_drop_series(&res);
	result_drop_series(&res);
	result_release(&res);
	result_release(&res);
}

static void the_longer_exit_and_the_later_words_stay(void **state)
{
	struct result res, part;

	(void)state;
	result_init(&res);
	fill_result(&part);
	result_absorb(&res, &part);
	assert_int_equal(res.exit_cost_ns, 11);
	assert_true(res.is_oom_killed);
	assert_string_equal(res.console, "text");
	assert_null(res.identity);
	assert_int_equal(res.phase_count, 0);
	result_init(&part);
	part.console = xstrdup("later");
	result_absorb(&res, &part);
	assert_string_equal(res.console, "later");
	assert_int_equal(res.series_count, 1);
	/* Of nothing at all. */
	result_init(&part);
	result_absorb(&res, &part);
	assert_string_equal(res.console, "later");
	assert_true(res.is_oom_killed);
	result_release(&res);
}

static void what_the_host_timed_has_its_length(void **state)
{
	struct result res;
	struct series *s;

	(void)state;
	result_init(&res);
	series_add_value(result_metric_series(&res, "restore", "fresh",
					      "first_word", "ns"),
			 7);
	series_add_value(result_metric_series(&res, "restore", "fresh",
					      "minor_faults", "per_op"),
			 8);
	s = result_metric_series(&res, "restore", "fresh", "first_word", "ns");
	series_add_value(s, 9);
	assert_int_equal(res.series_count, 2);
	assert_string_equal(s->point, "fresh/first_word");
	assert_int_equal(s->sample_count, 2);
	assert_int_equal(s->samples[1].section, 1);
	assert_int_equal(s->samples[1].elapsed_ns, 9);
	assert_int_equal(s->samples[1].host_elapsed_ns, 9);
	assert_int_equal(res.series[1].samples[0].elapsed_ns, 0);
	assert_true(res.series[1].samples[0].value == 8);
	result_release(&res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_host_timed_has_its_length),
		cmocka_unit_test(fields_come_back),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(arrays_need_every_value),
		cmocka_unit_test(texts_are_cut_to_their_field),
		cmocka_unit_test(results_need_every_key),
		cmocka_unit_test(damaged_rows_take_the_rest_with_them),
		cmocka_unit_test(raw_bytes_are_left_out),
		cmocka_unit_test(disturbances_are_listed),
		cmocka_unit_test(statuses_have_one_name_each),
		cmocka_unit_test(machines_follow_from_series),
		cmocka_unit_test(series_know_their_place),
		cmocka_unit_test(what_is_not_believed_is_dropped),
		cmocka_unit_test(the_longer_exit_and_the_later_words_stay),
	};

	return RUN_TESTS(tests);
}
