// SPDX-License-Identifier: GPL-3.0-or-later
/* evidence_text: what a reader is told of a bundle, also of one that wants to be
 * taken for another. */
#include "tests/unit/test.h"

#include "harness/verdict/claims.h"
#include "reports/text/evidence_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/sealed.h"
#include "tests/unit/fixture/harness/stored.h"

static char text[65536];

static int setup(void **state)
{
	struct sealed *s = calloc(1, sizeof(*s));

	sealed_init(s, 4, 1);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	sealed_release(*state);
	free(*state);
	return 0;
}

/* Into TEXT. */
static void write_all(const struct sealed *s, const struct ed25519_keys *keys,
		      const struct claims *claims)
{
	const struct evidence_text wants = {"x.gz", keys ? "k.pub" : NULL,
					    claims};
	FILE *out = fmemopen(text, sizeof(text), "w");
	struct err err = {0};
	struct evidence e;

	sealed_verify(s, keys, &e);
	assert_int_equal(evidence_text_write(&e, &wants, out, &err), 0);
	evidence_release(&e);
	fclose(out);
}

static void expect_last(const char *want)
{
	size_t len = strlen(text), size = strlen(want);

	if (len < size || strcmp(text + len - size, want))
		fail_msg("no '%s' at the end of:\n%s", want, text);
}

static void a_reader_is_told_all(void **state)
{
	struct sealed *s = *state;

	write_all(s, &s->keys, NULL);
	assert_contains(text, "x.gz\nrun         ");
	assert_contains(text, ", complete, 8 boots\n");
	assert_contains(text, "grade       hardware\n");
	assert_contains(text,
			"checksums   right: run (1 line), boots (8 lines), "
			"findings (1 line)\n");
	assert_contains(text, "(key 1 of 'k.pub')\n");
	assert_contains(text, "measured by revision v1-2-gabc, build id b1\n");
	assert_contains(text, "VMM's build id unknown\n");
	assert_contains(text, "judged      1 verdict and 2 figures from 24 raw "
			      "samples: the same bytes\n");
	assert_contains(text, "claims      sealed, sha256 ");
	assert_contains(text, " s before the first boot\n  c1: PASS\n");
	assert_null(strstr(text, "judged by"));
	expect_last("\nVERIFIED\n");
	write_all(s, NULL, NULL);
	assert_contains(text, "which no --key shows to be anybody's\n");
	expect_last("\nVERIFIED, but not who made it\n");
	sealed_export(s, s->other_key, NULL);
	write_all(s, &s->keys, NULL);
	assert_contains(text, "which is not in 'k.pub'\n");
	assert_contains(text, "\nREFUTED     it is signed by ");
	sealed_export(s, NULL, NULL);
	write_all(s, &s->keys, NULL);
	assert_contains(text, "anybody can have made this file\n");
	assert_contains(text, "\nREFUTED     it has no signature");
	sealed_drop(s, 3);
	write_all(s, NULL, NULL);
	assert_contains(text, "x.gz\nREFUTED     the manifest does not fit");
}

static void an_emulated_run_says_so(void **state)
{
	struct sealed *s = *state;

	stored_sql(s->store, "UPDATE boot SET grade = 'emulated' WHERE"
			     " position = 2");
	sealed_export(s, s->key, NULL);
	write_all(s, &s->keys, NULL);
	assert_contains(text, "grade       emulated: it shows that all works");
	assert_contains(text, "  c1: NOT EVALUABLE: emulated\n");
	expect_last("\nVERIFIED\n");
}

static void claims_are_told_apart(void **state)
{
	static const char other[] =
		"name: late\nclaims:\n  - {id: l, text: t, metric: \"null\","
		" candidate: kvm, baseline: native, kind: equivalent, margin:"
		" 0.5, confidence: 0.95, reason: r}\n";
	struct sealed *s = *state;
	struct claims *claims;
	struct evidence e;
	struct err err = {0};
	const char *own;
	json_t *plan;

	assert_int_equal(claims_parse(other, strlen(other), &claims, &err), 0);
	write_all(s, NULL, claims);
	assert_contains(text, "--claims    late, sha256 ");
	assert_contains(text, ": POST HOC, they were not registered");
	assert_contains(text, "\n  l: PASS\n");
	claims_free(claims);
	/* Those of the run itself are no others. */
	assert_int_equal(sealed_verify(s, NULL, &e), EVIDENCE_VERIFIED);
	plan = json_loads(e.run.plan, 0, NULL);
	own = json_string_value(
		json_object_get(json_object_get(plan, "claims"), "text"));
	assert_int_equal(claims_parse(own, strlen(own), &claims, &err), 0);
	write_all(s, NULL, claims);
	assert_contains(text, ": those that were registered\n");
	claims_free(claims);
	json_decref(plan);
	evidence_release(&e);
}

/* A line that it writes itself, and what moves the cursor over one. */
static void a_bundle_cannot_write_lines(void **state)
{
	struct sealed *s = *state;

	stored_sql(s->store,
		   "UPDATE run SET revision = 'v' || char(10) || 'VERIFIED' ||"
		   " char(10) || char(27) || '[2J', fingerprint ="
		   " json_set(fingerprint, '$.\"l1vh.image\"', char(13) ||"
		   " 'VERIFIED')");
	sealed_export(s, NULL, NULL);
	write_all(s, &s->keys, NULL);
	assert_contains(text, "revision v?VERIFIED??[2J, build id b1\n");
	assert_contains(text, "container image ?VERIFIED\n");
	assert_null(strstr(text, "\nVERIFIED"));
	assert_null(strchr(text, 27));
	assert_null(strchr(text, 13));
	expect_last(
		"REFUTED     it has no signature, and --key asks for one\n");
}

static void an_older_bundle_has_claims_as_well(void **state)
{
	struct sealed *s = *state;
	char sum[SHA256_HEX + 1], end[160];
	struct strbuf lines = {0};

	sealed_replace(s, 0, "\"l1vh_bundle\":3", "\"l1vh_bundle\":1");
	while (s->line_count > 9)
		sealed_drop(s, 9);
	sealed_text(s, &lines);
	sha256_of(lines.str, lines.len, sum);
	snprintf(end, sizeof(end),
		 "{\"end\":{\"boot_count\":8,\"sha256\":\"%s\"}}", sum);
	sealed_insert(s, 9, end);
	write_all(s, NULL, NULL);
	assert_contains(text, "right; version 1 has no manifest\n");
	assert_contains(text, "there is nothing to compare with\n");
	assert_contains(text, "claims      sealed, sha256 ");
	assert_contains(text, "\n  c1: PASS\nOPEN        it has no findings");
	strbuf_release(&lines);
}

#define SEALED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEALED(a_reader_is_told_all),
		SEALED(an_emulated_run_says_so),
		SEALED(claims_are_told_apart),
		SEALED(a_bundle_cannot_write_lines),
		SEALED(an_older_bundle_has_claims_as_well),
	};

	return RUN_TESTS(tests);
}
