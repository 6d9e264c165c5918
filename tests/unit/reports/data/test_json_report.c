// SPDX-License-Identifier: GPL-3.0-or-later
/* json: a run as one object: its head, boots, samples, estimates, claims. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <math.h>

#include "harness/verdict/claims.h"
#include "reports/data/json.h"
#include "reports/data/verdicts_json.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/fixture/run/shown.h"

static void no_numbers_are_null(void **state)
{
	static const struct {
		double value;
		bool is_null;
	} cases[] = {
		{NAN, true}, {INFINITY, true}, {-INFINITY, true},
		{0, false},  {-1.5, false},    {1e308, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *o = json_number(cases[i].value);

		assert_int_equal(json_is_null(o), cases[i].is_null);
		if (!cases[i].is_null)
			assert_close(json_number_value(o), cases[i].value, 0);
		json_decref(o);
	}
}

static void damaged_text_is_text(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"a\"b\\", "a\"b\\"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xff", "\xef\xbf\xbd"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *o = json_text(cases[i][0]);

		assert_string_equal(json_string_value(o), cases[i][1]);
		json_decref(o);
	}
}

static void the_head_is_the_run(void **state)
{
	struct shown *s = *state;
	json_t *json;

	s->run.started_unix_ns = 5;
	s->run.ended_unix_ns = 6;
	s->run.seed = 9;
	s->run.is_lab = true;
	s->run.scheduled_count = 3;
	shown_set(&s->run.plan, "{\"name\": \"x\"}");
	shown_set(&s->run.probe, "damaged");
	json = json_report(shown_find(s));
	assert_json_number(json, "schema_version", REPORT_JSON_VERSION);
	assert_json_text(json, "run.uuid", "u-u");
	assert_json_number(json, "run.id", 7);
	assert_json_text(json, "run.status", "complete");
	assert_json_number(json, "run.started_unix_ns", 5);
	assert_json_number(json, "run.ended_unix_ns", 6);
	assert_json_number(json, "run.seed", 9);
	assert_true(json_is_true(json_at(json, "run.is_lab")));
	assert_json_number(json, "run.scheduled_count", 3);
	assert_json_text(json, "run.plan.name", "x");
	assert_json_number(json, "run.probe", NAN);
	assert_int_equal(json_array_size(json_at(json, "boots")), 0);
	assert_int_equal(json_array_size(json_at(json, "samples")), 0);
	assert_int_equal(json_array_size(json_at(json, "estimates")), 0);
	assert_true(json_is_null(json_at(json, "claims")));
	assert_null(json_object_get(json_at(json, "run"), "signer"));
	json_decref(json);
	snprintf(s->run.signer, sizeof(s->run.signer), "12ab");
	json = json_report(shown_find(s));
	assert_json_text(json, "run.signer", "12ab");
	json_decref(json);
}

static void a_boot_has_its_ledger(void **state)
{
	struct shown *s = *state;
	struct boot_data *b = shown_boot(s, "kvm", 2);
	json_t *json;

	snprintf(b->bc.paravirt, sizeof(b->bc.paravirt), "identical");
	b->bc.vcpu_count = 4;
	b->bc.ram_bytes = 1ull << 40;
	b->res.elapsed_ns = 1ull << 41;
	b->res.exit_cost_ns = 17;
	*result_add_exit(&b->res) = (struct exit_row){1, "mmio", 3, 400};
	result_fail(&b->res, RUN_TIMEOUT, "no \"end\"");
	json = json_report(shown_find(s));
	assert_json_number(json, "boots.0.block", 2);
	assert_json_text(json, "boots.0.runner", "kvm");
	assert_json_text(json, "boots.0.paravirt", "identical");
	assert_json_text(json, "boots.0.status", "timeout");
	assert_json_text(json, "boots.0.reason", "no \"end\"");
	assert_json_text(json, "boots.0.grade", "hardware");
	assert_json_number(json, "boots.0.vcpu_count", 4);
	assert_json_number(json, "boots.0.ram_bytes", 1099511627776);
	assert_json_number(json, "boots.0.elapsed_ns", 2199023255552);
	assert_json_number(json, "boots.0.exit_cost_ns", 17);
	assert_json_number(json, "boots.0.exits.0.vcpu", 1);
	assert_json_text(json, "boots.0.exits.0.kind", "mmio");
	assert_json_number(json, "boots.0.exits.0.count", 3);
	assert_json_number(json, "boots.0.exits.0.handled_ns", 400);
	json_decref(json);
}

/* Of a store that somebody wrote into, no boot is left out. */
static void damaged_texts_hide_nothing(void **state)
{
	struct shown *s = *state;
	struct boot_data *b;
	json_t *json;

	shown_sample(s, "k\xff", 0, "cpu\xff", "p\xff", 1);
	b = &s->run.boots[0];
	snprintf(b->bc.paravirt, sizeof(b->bc.paravirt), "\xff");
	snprintf(b->res.reason, sizeof(b->res.reason), "\xff");
	snprintf(b->res.series[0].unit, sizeof(b->res.series[0].unit), "\xff");
	*result_add_exit(&b->res) = (struct exit_row){1, "\xff", 3, 400};
	snprintf(s->run.signer, sizeof(s->run.signer), "\xff");
	shown_set(&s->run.guest_manifest, "\xff");
	json = json_report(shown_find(s));
	assert_json_text(json, "boots.0.runner", "k\xef\xbf\xbd");
	assert_json_text(json, "boots.0.reason", "\xef\xbf\xbd");
	assert_json_text(json, "boots.0.exits.0.kind", "\xef\xbf\xbd");
	assert_json_text(json, "run.guest_manifest", "\xef\xbf\xbd");
	assert_json_text(json, "run.signer", "\xef\xbf\xbd");
	assert_json_text(json, "samples.0.workload", "cpu\xef\xbf\xbd");
	assert_json_text(json, "estimates.0.workload", "cpu\xef\xbf\xbd");
	json_decref(json);
}

/* A bundle may number its boots and blocks as it likes. */
static void far_numbers_stay_positive(void **state)
{
	struct shown *s = *state;
	json_t *json;

	shown_sample(s, "kvm", UINT32_MAX - 1, "cpu_integer", "", 1);
	s->run.boots[0].position = UINT32_MAX;
	s->run.scheduled_count = UINT32_MAX;
	json = json_report(shown_find(s));
	assert_json_number(json, "boots.0.block", 4294967294);
	assert_json_number(json, "boots.0.boot", 4294967295);
	assert_json_number(json, "samples.0.block.0", 4294967294);
	assert_json_number(json, "samples.0.boot.0", 4294967295);
	assert_json_number(json, "run.scheduled_count", 4294967295);
	json_decref(json);
}

static void a_sample_has_its_times(void **state)
{
	struct shown *s = *state;
	struct sample *p = shown_sample(s, "kvm", 1, "mem_latency",
					"16KiB,4KiB-pages", 2.5);
	json_t *json;

	shown_series(s, "kvm", 1, "mem_latency", "16KiB,4KiB-pages")
		->iterations = 1000;
	p->elapsed_ns = 10;
	p->host_elapsed_ns = 11;
	p->waited_ns = 12;
	p->disturbances = DISTURBED_CLOCKS | DISTURBED_STEAL;
	json = json_report(shown_find(s));
	assert_json_text(json, "samples.0.point", "16KiB,4KiB-pages");
	assert_json_text(json, "samples.0.unit", "ns");
	assert_json_number(json, "samples.0.value.0.0", 2.5);
	assert_json_number(json, "samples.0.iterations.0", 1000);
	assert_json_number(json, "samples.0.elapsed_ns.0.0", 10);
	assert_json_number(json, "samples.0.host_elapsed_ns.0.0", 11);
	assert_json_number(json, "samples.0.waited_ns.0.0", 12);
	assert_json_text(json, "samples.0.disturbances.0.0", "clocks, steal");
	assert_json_text(json, "samples.0.grade.0", "hardware");
	/* The estimate has none, and says how many it left out. */
	assert_json_number(json, "estimates.0.median", NAN);
	assert_json_number(json, "estimates.0.disturbed_count", 1);
	assert_json_text(json, "estimates.0.grade", "hardware");
	json_decref(json);
}

/* What assumes no distribution stands beside the primary estimate. */
static void estimates_agree_with_one_another(void **state)
{
	static const double guest[] = {11, 12, 13, 12, 11.5, 12.5};
	struct shown *s = *state;
	json_t *json;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(guest); i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "", guest[i]);
	}
	shown_boot(s, "qemu", 0);
	json = json_report(shown_find(s));
	assert_json_number(json, "estimates.0.ratio_to_native", 1);
	assert_json_number(json, "estimates.1.median", 12);
	assert_json_number(json, "estimates.1.ratio_block_count", 6);
	assert_close(
		json_number_value(json_at(json, "estimates.1.hodges_lehmann_"
						"ratio")),
		1.2, .005);
	/* All six: the least and the most have 31 of 32 (David, 1981). */
	assert_json_number(json, "estimates.1.median_low", 11);
	assert_json_number(json, "estimates.1.median_high", 13);
	assert_true(json_number_value(
			    json_at(json, "estimates.1.bootstrap_low")) > 1.1);
	assert_true(json_number_value(
			    json_at(json, "estimates.1.bootstrap_high")) < 1.3);
	/* One that measured nothing. */
	assert_json_text(json, "estimates.2.runner", "qemu");
	assert_json_number(json, "estimates.2.grade", NAN);
	assert_json_number(json, "estimates.2.boot_count", 0);
	assert_json_number(json, "estimates.2.ratio_to_native", NAN);
	assert_json_number(json, "estimates.2.hodges_lehmann_ratio", NAN);
	json_decref(json);
}

static void claims_carry_what_they_were_judged_by(void **state)
{
	struct shown *s = *state;
	json_t *json;

	shown_claim(s, "name: mine\nclaims:\n"
		       "  - {id: a, text: \"t\\e\", metric: cpu_integer,"
		       " candidate: kvm, baseline: native, kind: superior,"
		       " margin: 0, confidence: 0.9, reason: r,"
		       " scope: \"all \\u20ac\"}\n");
	json = verdicts_json(&shown_find(s)->judgement);
	assert_json_text(json, "name", "mine");
	assert_json_text(json, "sha256", s->claims->sha256);
	assert_json_text(json, "all_of_them", "NOT EVALUABLE");
	assert_json_text(json, "verdicts.0.id", "a");
	assert_json_text(json, "verdicts.0.text", "t\x1b");
	assert_json_text(json, "verdicts.0.scope", "all \xe2\x82\xac");
	assert_json_text(json, "verdicts.0.kind", "better by");
	assert_json_number(json, "verdicts.0.margin", 0);
	assert_json_number(json, "verdicts.0.confidence", .9);
	assert_json_number(json, "verdicts.0.measured", NAN);
	assert_json_number(json, "verdicts.0.ratio", NAN);
	assert_json_number(json, "verdicts.0.blocks_needed", NAN);
	assert_json_number(json, "verdicts.0.block_count", 0);
	assert_json_number(json, "verdicts.0.look", 0);
	json_decref(json);
}

/* A reason is cut to its room, wherever a character ends. */
static void a_cut_reason_drops_no_verdict(void **state)
{
	struct shown *s = *state;
	struct strbuf yaml = {0};
	json_t *json;
	size_t i, k;

	for (i = 0; i < 3; i++) {
		strbuf_puts(&yaml, "name: mine\nclaims:\n"
				   "  - {id: a, text: t, metric: \"");
		strbuf_printf(&yaml, "%.*s", (int)i, "xx");
		for (k = 0; k < 100; k++)
			strbuf_puts(&yaml, "\xe2\x82\xac");
		strbuf_puts(&yaml, "\", candidate: kvm, baseline: native,"
				   " kind: superior, margin: 0,"
				   " confidence: 0.9, reason: r}\n");
		shown_claim(s, yaml.str);
		json = verdicts_json(&shown_find(s)->judgement);
		assert_int_equal(json_array_size(json_at(json, "verdicts")), 1);
		assert_contains(json_string_value(json_at(json, "verdicts.0."
								"reason")),
				"the run has no '");
		json_decref(json);
		strbuf_release(&yaml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_numbers_are_null),
		cmocka_unit_test(damaged_text_is_text),
		WITH_SHOWN(the_head_is_the_run),
		WITH_SHOWN(a_boot_has_its_ledger),
		WITH_SHOWN(damaged_texts_hide_nothing),
		WITH_SHOWN(far_numbers_stay_positive),
		WITH_SHOWN(a_sample_has_its_times),
		WITH_SHOWN(estimates_agree_with_one_another),
		WITH_SHOWN(claims_carry_what_they_were_judged_by),
		WITH_SHOWN(a_cut_reason_drops_no_verdict),
	};

	return RUN_TESTS(tests);
}
