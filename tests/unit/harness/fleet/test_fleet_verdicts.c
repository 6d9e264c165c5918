// SPDX-License-Identifier: GPL-3.0-or-later
/* Claims over nodes, and what forbids a verdict. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/fleet.h"
#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_report.h"
#include "harness/fleet/fleet_verdicts.h"
#include "harness/verdict/claims.h"
#include "tests/unit/fixture/harness/made_fleet.h"

#define NODES 6

static const char claims_text[] = "name: two\n"
				  "claims:\n"
				  "  - id: speed\n"
				  "    text: faster\n"
				  "    metric: cpu_integer\n"
				  "    candidate: mshv\n"
				  "    baseline: kvm\n"
				  "    kind: superior\n"
				  "    margin: 0.2\n"
				  "    confidence: 0.95\n"
				  "    reason: a test\n"
				  "  - id: start\n"
				  "    text: sooner\n"
				  "    metric: boot agent_ready\n"
				  "    candidate: mshv\n"
				  "    baseline: kvm\n"
				  "    kind: superior\n"
				  "    margin: 0.0\n"
				  "    confidence: 0.95\n"
				  "    reason: a test\n";

static struct claims *claims;

static int load_claims(void **state)
{
	struct err err;

	(void)state;
	return claims_parse(claims_text, strlen(claims_text), &claims, &err);
}

static int free_claims(void **state)
{
	(void)state;
	claims_free(claims);
	return 0;
}

/* Node I of an arm: two runs that differ by a little, more between nodes. */
static void add_arm(struct fleet *f, struct made_node n, size_t count)
{
	size_t i, k;
	double ratio = n.ratio;

	for (i = 0; i < count; i++)
		for (k = 0; k < 2; k++) {
			char node[64], index[8];

			snprintf(node, sizeof(node), "%s-%s-%zu", n.arm,
				 n.runner, i);
			snprintf(index, sizeof(index), "%zu", k);
			n.node = node;
			n.index = index;
			n.ratio = ratio *
				  (1 + 0.01 * (double)i + 0.001 * (double)k);
			n.native = 1000 * (1 + (double)i);
			n.boot_ns = 1e9 * (ratio > 0.7 ? 1 : 2) *
				    (1 + 0.02 * (double)i);
			made_fleet_add(f, &n);
		}
}

static const struct made_node l1vh = {
	.arm = "l1vh", .runner = "mshv", .ratio = 0.9};
static const struct made_node nested = {
	.arm = "nested", .runner = "kvm", .ratio = 0.6};

static struct fleet_judgement judge(struct fleet *f)
{
	struct fleet_judgement j;

	fleet_finish(f);
	fleet_judge(&j, f, claims);
	assert_int_equal(j.count, 2);
	return j;
}

static void arms_are_bridged(void **state)
{
	struct fleet_judgement j;
	struct fleet f;

	(void)state;
	fleet_init(&f, "two arms");
	add_arm(&f, l1vh, NODES);
	add_arm(&f, nested, NODES);
	j = judge(&f);
	/* The nodes' own speeds differ by six, and cancel. */
	assert_int_equal(j.v[0].verdict, VERDICT_PASS);
	assert_true(j.v[0].is_bridged);
	assert_false(j.v[0].is_within);
	assert_true(fabs(j.v[0].ratio.ratio - 1.5) < 1e-9);
	assert_true(j.v[0].ratio.low > 1.4 && j.v[0].ratio.high < 1.6);
	assert_int_equal(j.v[0].candidate.node_count, NODES);
	assert_int_equal(j.v[0].candidate.run_count, 2 * NODES);
	assert_string_equal(f.arms[j.v[0].candidate.arm].name, "l1vh");
	assert_string_equal(f.arms[j.v[0].baseline.arm].name, "nested");
	assert_true(j.v[0].candidate.sd_node > j.v[0].candidate.sd_run);
	assert_true(j.v[0].nodes_needed <= NODES);
	/* Start-up has no native counterpart. */
	assert_int_equal(j.v[1].verdict, VERDICT_PASS);
	assert_false(j.v[1].is_bridged);
	assert_true(fabs(j.v[1].ratio.ratio - 0.5) < 1e-9);
	assert_int_equal(j.together, VERDICT_PASS);
	assert_false(j.is_registered);
	fleet_judgement_release(&j);
	fleet_release(&f);
}

static void the_same_nodes_are_paired(void **state)
{
	struct fleet_judgement j;
	struct fleet f;
	size_t i;

	(void)state;
	fleet_init(&f, "both");
	for (i = 0; i < NODES; i++) {
		static const char *const runners[] = {"mshv", "kvm"};
		const struct fleet_run_info info = {.id = (int64_t)i + 1,
						    .uuid = "u",
						    .status = "complete",
						    .fingerprint = "{}",
						    .plan = "{}",
						    .guest_manifest = ""};
		struct fleet_run_info own = info;
		char text[64];
		size_t k;

		snprintf(text, sizeof(text), "{\"fleet.node\": \"n%zu\"}", i);
		own.fingerprint = text;
		fleet_add_run(&f, &own);
		for (k = 0; k < 2; k++) {
			struct fleet_boot b = {
				runners[k],
				"cpu_integer",
				"",
				"Mop/s",
				false,
				0,
				0,
				(double)(1 + i) * (k ? 100 : 150 + (double)i)};

			fleet_add_boot(&f, &b);
		}
	}
	j = judge(&f);
	assert_true(j.v[0].is_within);
	assert_int_equal(j.v[0].verdict, VERDICT_PASS);
	assert_true(j.v[0].ratio.low > 1.49 && j.v[0].ratio.high < 1.56);
	assert_int_equal(j.v[0].candidate.node_count, NODES);
	/* No run has the second metric. */
	assert_int_equal(j.v[1].verdict, VERDICT_NOT_EVALUABLE);
	assert_int_equal(j.together, VERDICT_NOT_EVALUABLE);
	fleet_judgement_release(&j);
	fleet_release(&f);
}

static void expect_refusal(struct fleet *f, const char *reason)
{
	struct fleet_judgement j = judge(f);

	assert_int_equal(j.v[0].verdict, VERDICT_NOT_EVALUABLE);
	if (!strstr(j.v[0].reason, reason))
		fail_msg("'%s' is not in '%s'", reason, j.v[0].reason);
	assert_true(isnan(j.v[0].holm_p));
	fleet_judgement_release(&j);
	fleet_release(f);
}

static void what_forbids_a_verdict(void **state)
{
	struct made_node n = nested;
	struct fleet_judgement j;
	struct fleet f;
	size_t i;

	(void)state;
	fleet_init(&f, "another kernel");
	n.kernel = "5.4";
	add_arm(&f, l1vh, NODES);
	add_arm(&f, n, NODES);
	expect_refusal(&f, "not comparable: kernel.release is '5.4' and '6.1'");

	fleet_init(&f, "another size");
	n = nested;
	n.facts = "\"azure.vm_size\": \"small\"";
	add_arm(&f, l1vh, NODES);
	add_arm(&f, n, NODES);
	expect_refusal(&f, "azure.vm_size");

	fleet_init(&f, "emulated");
	n = l1vh;
	n.grade = GRADE_EMULATED;
	add_arm(&f, n, NODES);
	add_arm(&f, nested, NODES);
	expect_refusal(&f, "emulated");

	fleet_init(&f, "one node");
	add_arm(&f, l1vh, 1);
	add_arm(&f, nested, NODES);
	expect_refusal(&f, "node");

	fleet_init(&f, "several arms");
	n = nested;
	n.arm = "metal";
	add_arm(&f, l1vh, NODES);
	add_arm(&f, nested, NODES);
	add_arm(&f, n, NODES);
	expect_refusal(&f, "'kvm' was measured in several arms");

	fleet_init(&f, "two of three arms");
	fleet_choose_arms(&f, "nested,l1vh");
	fleet_expect(&f, "metal-9", "metal");
	add_arm(&f, l1vh, NODES);
	add_arm(&f, nested, NODES);
	add_arm(&f, n, NODES);
	j = judge(&f);
	assert_int_equal(j.v[0].verdict, VERDICT_PASS);
	assert_int_equal(f.node_count, 2 * NODES);
	fleet_judgement_release(&j);
	fleet_release(&f);

	fleet_init(&f, "half of it failed");
	for (i = 0; i < 4 * NODES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "gone-%zu", i);
		fleet_expect(&f, name, "l1vh");
	}
	add_arm(&f, l1vh, NODES);
	add_arm(&f, nested, NODES);
	expect_refusal(&f, "12 of 24 nodes ran");

	fleet_init(&f, "nothing of it");
	add_arm(&f, l1vh, NODES);
	expect_refusal(&f, "no run that counts has 'cpu_integer' of kvm");
}

/* As two releases of the program may have it. */
static void units_are_one(void **state)
{
	struct fleet f;
	size_t i;

	(void)state;
	fleet_init(&f, "units");
	for (i = 0; i < NODES; i++) {
		char *text = xasprintf("{\"fleet.node\": \"n%zu\"}", i);
		const struct fleet_run_info info = {.id = (int64_t)i + 1,
						    .uuid = "u",
						    .status = "complete",
						    .fingerprint = text,
						    .plan = "{}",
						    .guest_manifest = ""};
		struct fleet_boot b = {.runner = "mshv",
				       .workload = "cpu_integer",
				       .point = "",
				       .unit = "Mop/s",
				       .median = 100 + (double)i};

		fleet_add_run(&f, &info);
		fleet_add_boot(&f, &b);
		b.runner = "kvm";
		b.unit = "kop/s";
		b.median = 50;
		fleet_add_boot(&f, &b);
		free(text);
	}
	expect_refusal(&f, "measured in 'Mop/s' and in 'kop/s'");
}

/* One runner in two arms, which the claim names. */
static void a_claim_names_arms(void **state)
{
	static const char text[] =
		"name: arms\n"
		"claims:\n"
		"  - {id: a, text: t, metric: cpu_integer, candidate: kvm@metal,"
		" baseline: kvm@nested, kind: superior, margin: 0.2,"
		" confidence: 0.95, reason: r}\n"
		"  - {id: b, text: t, metric: cpu_integer, candidate: kvm@moon,"
		" baseline: kvm@nested, kind: superior, margin: 0.2,"
		" confidence: 0.95, reason: r}\n";
	struct made_node metal = {
		.arm = "metal", .runner = "kvm", .ratio = 0.9};
	struct claims *named = NULL;
	struct fleet_judgement j;
	struct fleet f;
	struct err err;

	(void)state;
	assert_int_equal(claims_parse(text, strlen(text), &named, &err), 0);
	fleet_init(&f, "arms");
	add_arm(&f, metal, NODES);
	add_arm(&f, nested, NODES);
	fleet_finish(&f);
	fleet_judge(&j, &f, named);
	assert_int_equal(j.v[0].verdict, VERDICT_PASS);
	assert_false(j.v[0].is_within);
	assert_true(fabs(j.v[0].ratio.ratio - 1.5) < 1e-9);
	assert_int_equal(j.v[1].verdict, VERDICT_NOT_EVALUABLE);
	assert_non_null(strstr(j.v[1].reason, "kvm@moon"));
	fleet_judgement_release(&j);
	fleet_release(&f);
	claims_free(named);
}

/* The ratio to native on the nodes of one arm, whatever the other arm's nodes have. */
static void a_claim_within_an_arm(void **state)
{
	static const char *const sides[][2] = {
		{"kvm@nested", "native@nested"},
		{"kvm@nested", "native"},
		{"kvm", "native@nested"},
		{"kvm", "native"},
	};
	struct made_node metal = {
		.arm = "metal", .runner = "kvm", .ratio = 0.9};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		bool is_named = i < ARRAY_SIZE(sides) - 1;
		char *text = xasprintf(
			"name: within\nclaims:\n"
			"  - {id: a, text: t, metric: cpu_integer, candidate: %s,"
			" baseline: %s, kind: non-inferior, margin: 0.2,"
			" confidence: 0.95, reason: r}\n",
			sides[i][0], sides[i][1]);
		struct claims *within = NULL;
		struct fleet_judgement j;
		struct fleet f;
		struct err err;

		assert_int_equal(
			claims_parse(text, strlen(text), &within, &err), 0);
		fleet_init(&f, "within");
		add_arm(&f, metal, NODES);
		add_arm(&f, nested, NODES);
		fleet_finish(&f);
		fleet_judge(&j, &f, within);
		assert_true(j.v[0].is_within);
		assert_int_equal(j.v[0].verdict,
				 is_named ? VERDICT_FAIL
					  : VERDICT_NOT_EVALUABLE);
		if (is_named) {
			assert_int_equal(j.v[0].candidate.node_count, NODES);
			assert_true(fabs(j.v[0].ratio.ratio - 0.6) < 0.02);
		} else {
			assert_non_null(strstr(j.v[0].reason, "several arms"));
		}
		fleet_judgement_release(&j);
		fleet_release(&f);
		claims_free(within);
		free(text);
	}
}

/* Without a node there is nothing that passes. */
static void no_node_is_no_pass(void **state)
{
	const struct fleet_wish wish = {.claims = NULL};
	struct fleet_report r;

	(void)state;
	fleet_init(&r.fleet, "nobody");
	fleet_finish(&r.fleet);
	fleet_report_make(&r, &wish);
	assert_int_equal(fleet_report_verdict(&r), VERDICT_UNDECIDED);
	fleet_report_release(&r);
}

/* The one tag makes an arm; another of the platform's is another image. */
static void the_one_tag(void **state)
{
	struct made_node n = l1vh;
	struct fleet_judgement j;
	struct fleet f;

	(void)state;
	fleet_init(&f, "the tag");
	n.facts = "\"azure.tag.platformsettings.host_environment.nodefeatures."
		  "hierarchicalvirtualizationv1\": \"True\","
		  " \"azure.tag.owner\": \"somebody\", \"cpu.flags\": \"fpu\"";
	add_arm(&f, n, NODES);
	add_arm(&f, nested, NODES);
	j = judge(&f);
	assert_int_equal(j.v[0].verdict, VERDICT_PASS);
	fleet_judgement_release(&j);
	fleet_release(&f);
	fleet_init(&f, "another tag");
	n.facts = "\"azure.tag.platformsettings.x\": \"True\"";
	add_arm(&f, n, NODES);
	add_arm(&f, nested, NODES);
	expect_refusal(&f, "azure.tag.platformsettings.x");
}

static void registration(void **state)
{
	json_t *plan = json_pack("{s:s, s:{s:s, s:s}}", "match", "size,kernel",
				 "claims", "sha256", claims->sha256, "text",
				 claims_text);
	char *text = json_dumps(plan, 0);
	struct made_node n = l1vh, m = nested;
	struct fleet_judgement j;
	struct fleet f;

	(void)state;
	n.plan = m.plan = text;
	fleet_init(&f, "registered");
	add_arm(&f, n, NODES);
	add_arm(&f, m, NODES);
	fleet_finish(&f);
	fleet_judge(&j, &f, NULL);
	assert_true(j.is_registered);
	assert_int_equal(j.count, 2);
	assert_int_equal(j.v[0].verdict, VERDICT_PASS);
	fleet_judgement_release(&j);
	fleet_release(&f);

	fleet_init(&f, "one node has none");
	m.plan = "{\"match\": \"size,kernel\"}";
	add_arm(&f, n, NODES);
	add_arm(&f, m, 1);
	fleet_finish(&f);
	fleet_judge(&j, &f, NULL);
	assert_null(j.claims);
	fleet_judgement_release(&j);
	fleet_release(&f);
	free(text);
	json_decref(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arms_are_bridged),
		cmocka_unit_test(the_same_nodes_are_paired),
		cmocka_unit_test(what_forbids_a_verdict),
		cmocka_unit_test(units_are_one),
		cmocka_unit_test(a_claim_names_arms),
		cmocka_unit_test(a_claim_within_an_arm),
		cmocka_unit_test(no_node_is_no_pass),
		cmocka_unit_test(the_one_tag),
		cmocka_unit_test(registration),
	};

	return cmocka_run_group_tests(tests, load_claims, free_claims);
}
