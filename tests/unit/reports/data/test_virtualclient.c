// SPDX-License-Identifier: GPL-3.0-or-later
/* virtualclient: data points as VirtualClient's reader cuts and takes them. */
#include "tests/unit/test.h"

#include <jansson.h>

#include "harness/base/base.h"
#include "reports/data/virtualclient.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define MAX_POINTS 16

struct points {
	json_t *points[MAX_POINTS];
	size_t count;
};

/* Cut at every delimiter, wherever it stands, as the reader does. */
static void read_points(struct shown *s, struct points *out)
{
	const char *text = shown_print(s, virtualclient_write);
	const char *end;

	*out = (struct points){.count = 0};
	for (; *text; text = *end ? end + 5 : end) {
		json_error_t error;

		end = strstr(text, "-----");
		end = end ? end : text + strlen(text);
		assert_true(out->count < MAX_POINTS);
		out->points[out->count] =
			json_loadb(text, (size_t)(end - text), 0, &error);
		if (!out->points[out->count++])
			fail_msg("%s: %.*s", error.text, (int)(end - text),
				 text);
	}
}

static void release_points(struct points *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		json_decref(p->points[i]);
}

static const char *text_of(json_t *point, const char *key)
{
	json_t *value = json_object_get(point, key);

	if (!json_is_string(value))
		fail_msg("no text '%s'", key);
	return json_string_value(value);
}

static json_t *meta(json_t *point)
{
	return json_object_get(point, "metadata");
}

static void assert_value(json_t *point, double want)
{
	assert_close(json_number_value(json_object_get(point, "metricValue")),
		     want, 1e-12);
}

static json_t *find(const struct points *p, const char *metric,
		    const char *scenario)
{
	json_t *found = NULL;
	size_t i;

	for (i = 0; i < p->count; i++)
		if (!strcmp(text_of(p->points[i], "metricName"), metric) &&
		    !strcmp(text_of(p->points[i], "scenarioName"), scenario)) {
			assert_null(found);
			found = p->points[i];
		}
	if (!found)
		fail_msg("no %s of %s", metric, scenario);
	return found;
}

/* Two boots each, an hour apart. */
static void fill(struct shown *s)
{
	static const double values[] = {10, 12};
	uint32_t i;

	s->run.started_unix_ns = 1700000000 * NS_PER_S;
	for (i = 0; i < 2; i++) {
		struct result *res;

		shown_sample(s, "native", i, "cpu_integer", "", values[i]);
		shown_sample(s, "kvm", i, "cpu_integer", "", 2 * values[i]);
		shown_sample(s, "kvm", i, "storage", "randread-4k-qd1/iops",
			     100 * values[i]);
		res = &shown_boot(s, "kvm", i)->res;
		res->started_unix_ns = (1700000000 + 3600 * i) * NS_PER_S;
		res->elapsed_ns = 1500000000;
	}
}

static void a_figure_is_a_median_of_boots(void **state)
{
	struct shown *s = *state;
	struct points p;
	json_t *one;

	fill(s);
	read_points(s, &p);
	assert_int_equal(p.count, 3);
	one = find(&p, "cpu_integer", "kvm");
	assert_value(one, 22);
	assert_string_equal(text_of(one, "metricUnit"), "nanoseconds");
	assert_string_equal(text_of(one, "metricRelativity"), "LowerIsBetter");
	assert_string_equal(text_of(one, "metricDescription"),
			    "median of 2 boots");
	assert_string_equal(text_of(one, "scenarioStartTime"),
			    "2023-11-14T22:13:20.0000000Z");
	assert_string_equal(text_of(one, "scenarioEndTime"),
			    "2023-11-14T23:13:21.5000000Z");
	assert_string_equal(text_of(one, "experimentId"), "u-u");
	assert_string_equal(text_of(one, "appHost"), "unknown");
	assert_string_equal(text_of(meta(one), "grade"), "hardware");
	assert_true(json_is_false(json_object_get(meta(one), "is_emulated")));
	assert_close(json_number_value(
			     json_object_get(meta(one), "ratio_to_native")),
		     2, 1e-12);
	assert_true(json_is_null(json_object_get(meta(one), "ratio_low")));
	assert_true(json_is_null(json_object_get(meta(one), "verdict")));
	one = find(&p, "storage randread-4k-qd1/iops", "kvm");
	assert_value(one, 1100);
	assert_string_equal(text_of(one, "metricUnit"), "operations/sec");
	assert_string_equal(text_of(one, "metricDescription"),
			    "operations per second; median of 2 boots");
	/* A native boot says no time: the run's, which did not end. */
	one = find(&p, "cpu_integer", "native");
	assert_string_equal(text_of(one, "scenarioEndTime"),
			    "2023-11-14T22:13:20.0000000Z");
	release_points(&p);
}

static void an_emulated_figure_is_called_so(void **state)
{
	struct shown *s = *state;
	struct points p;
	json_t *one;

	fill(s);
	shown_boot(s, "kvm", 1)->res.grade = GRADE_EMULATED;
	shown_sample(s, "qemu", 0, "cpu_integer", "", 5);
	shown_boot(s, "qemu", 0)->res.grade = GRADE_SOFTWARE;
	read_points(s, &p);
	one = find(&p, "cpu_integer", "EMULATED kvm");
	assert_true(json_is_true(json_object_get(meta(one), "is_emulated")));
	assert_string_equal(text_of(one, "tags"), "l1vh-bench;EMULATED");
	one = find(&p, "cpu_integer", "SOFTWARE qemu");
	assert_string_equal(text_of(meta(one), "runner"), "qemu");
	assert_true(json_is_false(json_object_get(meta(one), "is_emulated")));
	find(&p, "cpu_integer", "native");
	release_points(&p);
}

/* Never a zero, and behind all that have a value. */
static void an_absent_figure_has_its_reason(void **state)
{
	struct shown *s = *state;
	struct points p;
	json_t *one;

	fill(s);
	shown_refuse(s, "native", 0, "storage", "randread-4k-qd1/iops",
		     RUN_SKIPPED, "no disk ----- or ------ \xff");
	result_fail(&shown_boot(s, "mshv", 0)->res, RUN_TIMEOUT, "no end");
	shown_sample(s, "kvm", 0, "null", "", 1)->disturbances = 1;
	read_points(s, &p);
	assert_value(p.points[2], 1100);
	one = find(&p, "storage randread-4k-qd1/iops", "native");
	assert_true(json_is_null(json_object_get(one, "metricValue")));
	assert_string_equal(text_of(meta(one), "reason"),
			    "no disk ----- or ------ \xef\xbf\xbd");
	assert_string_equal(text_of(one, "metricDescription"),
			    "no value: skipped: no disk ----- or ------ "
			    "\xef\xbf\xbd");
	assert_int_equal(
		json_integer_value(json_object_get(one, "severityLevel")), 3);
	one = find(&p, "cpu_integer", "mshv");
	assert_string_equal(text_of(meta(one), "reason"), "no end");
	assert_true(json_is_null(json_object_get(meta(one), "grade")));
	assert_int_equal(
		json_integer_value(json_object_get(one, "severityLevel")), 4);
	one = find(&p, "null", "kvm");
	assert_true(json_is_null(json_object_get(one, "metricValue")));
	assert_string_equal(text_of(meta(one), "reason"),
			    "every sample was disturbed");
	/* Nobody wanted native to run 'null'. */
	assert_int_equal(p.count, 3 + 1 + 3 + 1);
	release_points(&p);
}

static void a_run_without_any_series_says_why(void **state)
{
	struct shown *s = *state;
	struct points p;

	result_fail(&shown_boot(s, "kvm", 0)->res, RUN_SKIPPED, "no /dev/kvm");
	read_points(s, &p);
	assert_int_equal(p.count, 1);
	assert_string_equal(text_of(meta(p.points[0]), "reason"),
			    "no /dev/kvm");
	assert_string_equal(text_of(p.points[0], "scenarioName"), "kvm");
	release_points(&p);
}

static void a_run_without_boots_says_so(void **state)
{
	struct points p;

	read_points(*state, &p);
	assert_int_equal(p.count, 1);
	assert_string_equal(text_of(meta(p.points[0]), "reason"),
			    "the run has no boots");
	assert_string_equal(text_of(p.points[0], "scenarioName"), "unknown");
	release_points(&p);
}

#define CLAIM(id, metric, candidate, margin)                                  \
	"  - {id: " id ", text: t, metric: " metric ", candidate: " candidate \
	", baseline: native, kind: non-inferior, margin: " margin             \
	", confidence: 0.95, reason: why}\n"

static void verdicts_stand_beside_their_figures(void **state)
{
	struct shown *s = *state;
	struct points p;
	json_t *one, *claims;
	uint32_t i;

	for (i = 0; i < 6; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10);
		shown_sample(s, "kvm", i, "cpu_integer", "",
			     12 + .01 * (i % 3));
	}
	shown_claim(s, "name: mine\nclaims:\n" CLAIM("pass", "cpu_integer",
						     "kvm", "0.25")
			       CLAIM("fail", "cpu_integer", "kvm", "0.05")
				       CLAIM("none", "storage x", "kvm", "0.1")
					       CLAIM("gone", "cpu_integer",
						     "mshv", "0.1"));
	read_points(s, &p);
	assert_int_equal(p.count, 4);
	one = find(&p, "cpu_integer", "kvm");
	assert_string_equal(text_of(meta(one), "verdict"), "FAIL");
	claims = json_object_get(meta(one), "claims");
	assert_int_equal(json_array_size(claims), 2);
	one = json_array_get(claims, 0);
	assert_string_equal(text_of(one, "id"), "pass");
	assert_string_equal(text_of(one, "verdict"), "PASS");
	assert_close(json_number_value(json_object_get(one, "margin")), .25, 0);
	one = find(&p, "cpu_integer", "native");
	assert_true(json_is_null(json_object_get(meta(one), "verdict")));
	/* What has no figure has a point of its own. */
	one = find(&p, "storage x", "kvm");
	assert_true(json_is_null(json_object_get(one, "metricValue")));
	assert_string_equal(text_of(meta(one), "verdict"), "NOT EVALUABLE");
	assert_contains(text_of(meta(one), "reason"), "no 'storage x'");
	assert_string_equal(text_of(one, "metricRelativity"), "Undefined");
	find(&p, "cpu_integer", "mshv");
	release_points(&p);
}

static void a_run_of_a_fleet_says_where(void **state)
{
	struct shown *s = *state;
	struct points p;
	json_t *one;

	fill(s);
	shown_set(&s->run.plan, "{\"name\": \"quick\"}");
	shown_set(&s->run.fingerprint,
		  "{\"host\": \"pod\", \"fleet.name\": \"night\","
		  " \"fleet.node\": \"node-1\", \"fleet.arm\": \"l1vh\","
		  " \"fleet.index\": \"3\", \"fleet.engine\": \"slurm\"}");
	read_points(s, &p);
	one = p.points[0];
	assert_string_equal(text_of(one, "appHost"), "pod");
	assert_string_equal(text_of(one, "clientId"), "node-1");
	assert_string_equal(text_of(one, "profileName"), "quick");
	assert_string_equal(text_of(one, "executionSystem"), "slurm");
	assert_string_equal(text_of(meta(one), "fleet"), "night");
	assert_string_equal(text_of(meta(one), "arm"), "l1vh");
	assert_string_equal(text_of(meta(one), "index"), "3");
	assert_null(json_object_get(meta(one), "attempt"));
	assert_string_equal(
		text_of(json_object_get(one, "metadata_host"), "host"), "pod");
	release_points(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_figure_is_a_median_of_boots),
		WITH_SHOWN(an_emulated_figure_is_called_so),
		WITH_SHOWN(an_absent_figure_has_its_reason),
		WITH_SHOWN(a_run_without_any_series_says_why),
		WITH_SHOWN(a_run_without_boots_says_so),
		WITH_SHOWN(verdicts_stand_beside_their_figures),
		WITH_SHOWN(a_run_of_a_fleet_says_where),
	};

	return RUN_TESTS(tests);
}
