// SPDX-License-Identifier: GPL-3.0-or-later
/* Claims: the files that come with the program, and bad ones. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/core/metric.h"
#include "harness/findings/kubevirt_answer.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"
#include "workloads/workload.h"

static bool has_point(const struct workload *wl, const char *point)
{
	size_t len = strcspn(point, "/");
	size_t i;

	for (i = 0; i < wl->point_count; i++)
		if (strlen(wl->points[i].name) == len &&
		    !strncmp(wl->points[i].name, point, len))
			return point[len] ? metric_of_point(point) != NULL
					  : true;
	/* Phases of a start are no points of the table. */
	return !strcmp(wl->name, "boot");
}

static void assert_measurable(const struct claim *c)
{
	const char *space = strchr(c->metric, ' ');
	bool is_question = kubevirt_question_of(c->metric) != QUESTION_COUNT;
	char *name = space ? strndup(c->metric, (size_t)(space - c->metric))
			   : strdup(c->metric);
	const struct workload *wl = workload_find(name);

	if (!is_question && (!wl || !has_point(wl, space ? space + 1 : "")))
		fail_msg("nothing measures '%s' of claim '%s'", c->metric,
			 c->id);
	free(name);
}

static void shipped_claims_are_measurable(void **state)
{
	static const char *const files[] = {
		"reports/claims/near-native.yaml", "reports/claims/a-a.yaml",
		"reports/claims/l1vh-vs-nested.yaml",
		"reports/claims/kubevirt.yaml"};
	struct claims *claims;
	struct err err = {0};
	size_t f;
	uint32_t i;

	(void)state;
	for (f = 0; f < ARRAY_SIZE(files); f++) {
		if (claims_load(files[f], &claims, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(strlen(claims->sha256), 64);
		for (i = 0; i < claims->claims_count; i++)
			assert_measurable(&claims->claims[i]);
		claims_free(claims);
	}
}

#define CLAIM(id, kind, margin, confidence, base)                     \
	"  - id: " id "\n    text: t\n    metric: null\n"             \
	"    candidate: kvm\n    baseline: " base "\n    kind: " kind \
	"\n    margin: " margin "\n    confidence: " confidence       \
	"\n    reason: r\n"
#define FILE_OF(claims) "name: x\nclaims:\n" claims

static int load(const char *text, struct claims **out, struct err *err)
{
	char path[SCRATCH_SIZE];
	int ret;

	scratch_file(path, text, strlen(text));
	*out = NULL;
	ret = claims_load(path, out, err);
	unlink(path);
	return ret;
}

static void a_claim_is_read(void **state)
{
	struct claims *c;
	struct err err = {0};

	(void)state;
	if (load(FILE_OF(CLAIM("a", "superior", "0", "0.9", "native") CLAIM(
			 "b", "equivalent", "0.05", "0.95", "native")),
		 &c, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(c->claims_count, 2);
	assert_int_equal(c->claims[0].kind, MARGIN_SUPERIOR);
	assert_true(c->claims[0].margin == 0);
	assert_true(c->claims[1].margin == 0.05);
	assert_true(c->claims[0].confidence == 0.9);
	assert_string_equal(c->claims[1].baseline, "native");
	claims_free(c);
	claims_free(NULL);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "empty"},
		{"# nothing but this\n", "says nothing"},
		{"name: x\n", "claims"},
		{"name: [", "Expecting STRING"},
		{FILE_OF(CLAIM("a", "better", "0.1", "0.9", "native")),
		 "(line: 8, column: 11)"},
		{FILE_OF(CLAIM("a", "better", "0.1", "0.9", "native")),
		 "expected: non-inferior, equivalent or superior"},
		{FILE_OF(CLAIM("a", "equivalent", "5 %", "0.9", "native")),
		 "claim 'a' (line 3): margin is '5 %'; expected: a share"},
		{FILE_OF(CLAIM("a", "equivalent", "0", "0.9", "native")),
		 "margin is '0'"},
		{FILE_OF(CLAIM("a", "non-inferior", "-0.1", "0.9", "native")),
		 "margin is '-0.1'"},
		{FILE_OF(CLAIM("a", "non-inferior", "nan", "0.9", "native")),
		 "margin is 'nan'"},
		{FILE_OF(CLAIM("a", "superior", "0.1", "95", "native")),
		 "confidence is '95'"},
		{FILE_OF(CLAIM("a", "superior", "0.1", "0.9", "kvm")),
		 "other than the candidate"},
		{FILE_OF(CLAIM("a", "superior", "0.1", "0.9", "native") CLAIM(
			 "a", "superior", "0.1", "0.9", "native")),
		 "no other claim has"},
		{FILE_OF("  - id: a\n    colour: red\n"), "colour"},
		{"a: &a [1]\nname: *a\n", "Unexpected key: a"},
	};
	struct claims *c;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(load(cases[i].text, &c, &err), -EINVAL);
		assert_contains(err.msg, cases[i].says);
		assert_null(c);
	}
	assert_int_equal(claims_load("/nonexistent", &c, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_claims_are_measurable),
		cmocka_unit_test(a_claim_is_read),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
