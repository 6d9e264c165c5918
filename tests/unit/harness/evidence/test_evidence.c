// SPDX-License-Identifier: GPL-3.0-or-later
/* evidence: a run is judged again from its bundle alone, and what the bundle says
 * otherwise is named. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <errno.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/evidence/judge.h"
#include "harness/findings/findings.h"
#include "harness/store/bundle.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/sealed.h"
#include "tests/unit/fixture/harness/stored.h"

static int setup(void **state)
{
	struct sealed *s = calloc(1, sizeof(*s));

	sealed_init(s, 6, 1.5);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	sealed_release(*state);
	free(*state);
	return 0;
}

static void a_run_is_judged_again(void **state)
{
	struct sealed *s = *state;
	struct evidence e;

	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_VERIFIED);
	assert_string_equal(e.reason, "");
	assert_int_equal(e.known_key, 1);
	assert_int_equal(strlen(e.signer), SHA256_HEX);
	assert_int_equal(e.verdict_count, 1);
	assert_int_equal(e.figure_count, 2);
	assert_int_equal(e.facts.count.samples, 36);
	assert_int_equal(e.facts.count.boots[RUN_OK], 12);
	/* It is a verdict, or nothing would have been shown. */
	assert_contains(e.facts.findings, "\"verdict\":\"FAIL\"");
	assert_contains(e.facts.findings, "\"is_registered\":true");
	evidence_release(&e);
	/* Without a key to hold it against, its own is still checked. */
	assert_int_equal(sealed_verify(s, NULL, &e), EVIDENCE_VERIFIED);
	assert_int_equal(e.known_key, 0);
	assert_int_equal(strlen(e.signer), SHA256_HEX);
	evidence_release(&e);
	sealed_export(s, NULL, NULL);
	assert_int_equal(sealed_verify(s, NULL, &e), EVIDENCE_VERIFIED);
	assert_string_equal(e.signer, "");
	evidence_release(&e);
}

static void the_manifest_says_what_made_it(void **state)
{
	struct sealed *s = *state;
	size_t at = sealed_find(s, "manifest");

	assert_contains(s->lines[at], "\"revision\":\"v1-2-gabc\"");
	assert_contains(s->lines[at], "\"build_id\":\"b1\"");
	assert_contains(s->lines[at], "\"files\":{\"bzImage\":\"12ab\"}");
	assert_contains(s->lines[at], "\"claims\":{\"name\":\"sealed\"");
	assert_contains(s->lines[at], "\"sample_count\":36");
	assert_contains(s->lines[at], "\"name\":\"findings\"");
}

/* Byte by byte what a store makes of it after an import. */
static void memory_has_what_a_store_has(void **state)
{
	struct sealed *s = *state;
	int fd = open(s->bundle, O_RDONLY);
	struct bundle_facts facts;
	struct run_data a, b;
	struct err err = {0};
	size_t i;

	assert_int_equal(run_data_load(s->store, s->run_id, &a, &err), 0);
	if (bundle_load(fd, &b, &facts, &err))
		fail_msg("%s", err.msg);
	close(fd);
	assert_string_equal(a.uuid, b.uuid);
	assert_string_equal(a.status, b.status);
	assert_string_equal(a.plan, b.plan);
	assert_string_equal(a.fingerprint, b.fingerprint);
	assert_string_equal(a.guest_manifest, b.guest_manifest);
	assert_int_equal(a.seed, b.seed);
	assert_int_equal(a.started_unix_ns, b.started_unix_ns);
	assert_int_equal(a.ended_unix_ns, b.ended_unix_ns);
	assert_int_equal(a.scheduled_count, b.scheduled_count);
	assert_int_equal(a.done_block_count, b.done_block_count);
	assert_int_equal(b.done_block_count, 6);
	assert_int_equal(a.boot_count, b.boot_count);
	for (i = 0; i < a.boot_count; i++) {
		json_t *x = result_to_json(&a.boots[i].res);
		json_t *y = result_to_json(&b.boots[i].res);

		assert_true(json_equal(x, y));
		assert_int_equal(a.boots[i].position, b.boots[i].position);
		assert_int_equal(a.boots[i].bc.block, b.boots[i].bc.block);
		assert_string_equal(a.boots[i].bc.runner, b.boots[i].bc.runner);
		json_decref(x);
		json_decref(y);
	}
	bundle_facts_release(&facts);
	run_data_release(&a);
	run_data_release(&b);
}

/* A block without all of its boots is not done, and the order of lines is not that of
 * the boots. */
static void an_unfinished_run_loads_the_same(void **state)
{
	struct sealed *s = *state;
	struct run_data a, b;
	struct bundle_facts facts;
	struct err err = {0};
	int fd;

	stored_sql(s->store, "DELETE FROM schedule WHERE position = 11;"
			     "INSERT INTO schedule VALUES (1, 30, 2, 'kvm');"
			     "INSERT INTO schedule VALUES (1, 31, 9, 'kvm')");
	sealed_export(s, s->key, NULL);
	assert_int_equal(run_data_load(s->store, s->run_id, &a, &err), 0);
	fd = open(s->bundle, O_RDONLY);
	assert_int_equal(bundle_load(fd, &b, &facts, &err), 0);
	close(fd);
	assert_int_equal(a.done_block_count, 5);
	assert_int_equal(b.done_block_count, 5);
	assert_int_equal(a.scheduled_count, b.scheduled_count);
	bundle_facts_release(&facts);
	run_data_release(&a);
	run_data_release(&b);
}

static void read_file(const char *path, struct strbuf *out)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(out, buf, (size_t)n);
	close(fd);
}

/* Also through another store. */
static void twice_is_the_same(void **state)
{
	struct sealed *s = *state;
	struct strbuf a = {0}, b = {0};
	struct store *other;
	struct err err = {0};
	char path[64];
	bool is_new;
	int64_t id;

	read_file(s->bundle, &a);
	sealed_export(s, s->key, NULL);
	read_file(s->bundle, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.str, b.str, a.len);
	snprintf(path, sizeof(path), "%s/b.db", s->folder);
	assert_int_equal(store_open(path, &other, &err), 0);
	assert_int_equal(bundle_import(other, s->bundle, &id, &is_new, &err),
			 0);
	assert_true(is_new);
	assert_int_equal(evidence_export(other, id, s->key, s->bundle, &err),
			 0);
	strbuf_release(&b);
	read_file(s->bundle, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.str, b.str, a.len);
	store_close(other);
	strbuf_release(&a);
	strbuf_release(&b);
}

/* Imports the bundle into a store of that name; the caller closes it. */
static struct store *import(const struct sealed *s, const char *name,
			    struct run_data *run)
{
	struct err err = {0};
	struct store *store;
	char path[64];
	bool is_new;
	int64_t id;

	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	assert_int_equal(store_open(path, &store, &err), 0);
	if (bundle_import(store, s->bundle, &id, &is_new, &err) ||
	    run_data_load(store, id, run, &err))
		fail_msg("%s", err.msg);
	return store;
}

/* The key, and no more than was checked. */
static void an_import_keeps_who_signed(void **state)
{
	struct sealed *s = *state;
	struct err err = {0};
	struct run_data run;
	struct store *other;
	struct evidence e;
	char key[SHA256_HEX + 1], text[240];
	struct strbuf bytes = {0};

	ed25519_fingerprint(s->key, key);
	other = import(s, "signed.db", &run);
	assert_string_equal(run.signer, key);
	assert_contains(run_data_signer(&run, text, sizeof(text)), key);
	assert_contains(text, "whose key it is was not checked");
	/* It is not what signs an export of the import. */
	assert_int_equal(evidence_export(other, run.id, NULL, s->bundle, &err),
			 0);
	run_data_release(&run);
	store_close(other);
	read_file(s->bundle, &bytes);
	assert_int_equal(sealed_verify_bytes(bytes.str, bytes.len, NULL, &e),
			 EVIDENCE_VERIFIED);
	strbuf_release(&bytes);
	assert_string_equal(e.signer, "");
	evidence_release(&e);
	other = import(s, "unsigned.db", &run);
	assert_string_equal(run.signer, "");
	assert_string_equal(run_data_signer(&run, text, sizeof(text)), "");
	run_data_release(&run);
	store_close(other);
	/* Nor does who measured it sign it. */
	assert_int_equal(run_data_load(s->store, s->run_id, &run, &err), 0);
	assert_string_equal(run.signer, "");
	run_data_release(&run);
}

/* As an insider would have it: signed by the right key, and not of these samples. */
static int kinder(const struct run_data *run, char **out, struct err *err)
{
	char *line = sealed_judge(run),
	     *at = strstr(line, "\"verdict\":\"FAIL\"");

	(void)err;
	memcpy(at, "\"verdict\":\"PASS\"", strlen("\"verdict\":\"PASS\""));
	*out = line;
	return 0;
}

static int loose(const struct run_data *run, char **out, struct err *err)
{
	char *line = sealed_judge(run);
	char *wide = xasprintf("{ %s", line + 1);

	(void)err;
	free(line);
	*out = wide;
	return 0;
}

static int none(const struct run_data *run, char **out, struct err *err)
{
	(void)run;
	(void)err;
	*out = xstrdup("{\"findings\":{}}");
	return 0;
}

static int odd(const struct run_data *run, char **out, struct err *err)
{
	(void)run;
	(void)err;
	*out = xstrdup(
		"{\"findings\":{\"claims\":[1],\"figures\":7,\"\\u001b[1m\":"
		"\"\\u001b[31m\"}}");
	return 0;
}

static void another_verdict_is_named(void **state)
{
	struct sealed *s = *state;
	struct evidence e;

	sealed_export(s, s->key, kinder);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_REFUTED);
	assert_contains(e.reason, "other findings");
	assert_int_equal(e.difference_count, 1);
	assert_string_equal(e.shown[0].where, "claim c1: verdict");
	assert_string_equal(e.shown[0].stored, "\"PASS\"");
	assert_string_equal(e.shown[0].judged, "\"FAIL\"");
	evidence_release(&e);
	sealed_export(s, s->key, none);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_REFUTED);
	assert_true(e.difference_count > 3);
	evidence_release(&e);
	sealed_export(s, s->key, odd);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_REFUTED);
	assert_true(e.difference_count > 3);
	evidence_release(&e);
	sealed_export(s, s->key, loose);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_REFUTED);
	assert_contains(e.reason, "canonical");
	assert_int_equal(e.difference_count, 0);
	evidence_release(&e);
}

/* Ten are shown, all are counted; what a hostile one says is plain text. */
static int many(const struct run_data *run, char **out, struct err *err)
{
	char *line = sealed_judge(run);
	json_t *o = json_loads(line, 0, NULL);
	json_t *figures =
		json_object_get(json_object_get(o, "findings"), "figures");
	int i;

	(void)err;
	for (i = 0; i < 30; i++)
		json_array_append_new(figures,
				      json_pack("{s:s, s:s, s:s}", "workload",
						"\033[31m", "point", "p",
						"runner", "r"));
	free(line);
	line = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	*out = line;
	return 0;
}

static void hostile_findings_are_shown_plainly(void **state)
{
	struct sealed *s = *state;
	struct evidence e;

	sealed_export(s, s->key, many);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_REFUTED);
	assert_int_equal(e.difference_count, 30);
	assert_string_equal(e.shown[9].where, "figure ?[31m p on r");
	evidence_release(&e);
}

static void removed_samples_leave_it_open(void **state)
{
	struct sealed *s = *state;
	struct err err = {0};
	struct evidence e;

	assert_int_equal(
		samples_drop(s->store, UINT64_MAX / 4, NULL, NULL, &err), 0);
	sealed_export(s, s->key, NULL);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_OPEN);
	assert_contains(e.reason, "raw samples were removed");
	assert_int_equal(e.difference_count, 0);
	evidence_release(&e);
	/* That is no excuse for another verdict. */
	sealed_export(s, s->key, kinder);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_REFUTED);
	evidence_release(&e);
}

static void bundles_without_findings_are_open(void **state)
{
	struct sealed *s = *state;
	struct err err = {0};
	struct strbuf bytes = {0};
	struct evidence e;

	assert_int_equal(
		bundle_export(s->store, s->run_id, NULL, s->bundle, &err), 0);
	read_file(s->bundle, &bytes);
	assert_int_equal(sealed_verify_bytes(bytes.str, bytes.len, NULL, &e),
			 EVIDENCE_OPEN);
	assert_contains(e.reason, "no findings");
	assert_int_equal(e.difference_count, 0);
	assert_int_equal(e.verdict_count, 1);
	evidence_release(&e);
	strbuf_release(&bytes);
}

/* By its own clock the first boot was there before its claims. */
static void late_claims_leave_it_open(void **state)
{
	struct sealed *s = *state;
	struct evidence e;

	stored_sql(s->store,
		   "UPDATE boot SET started_unix_ns = started_unix_ns -"
		   " 1000000000000 WHERE position = 3");
	sealed_export(s, s->key, NULL);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_OPEN);
	assert_contains(e.reason, "before the claims were registered");
	evidence_release(&e);
}

/* --- a judgement that cannot be made ------------------------------------------ */

static int fails(const struct run_data *run, char **out, struct err *err)
{
	(void)run;
	(void)out;
	return err_set(err, -EIO, "no judgement today");
}

static void without_a_judgement_there_is_no_bundle(void **state)
{
	const struct bundle_proof proof = {fails, NULL};
	struct sealed *s = *state;
	struct err err = {0};

	unlink(s->bundle);
	assert_int_equal(
		bundle_export(s->store, s->run_id, &proof, s->bundle, &err),
		-EIO);
	assert_contains(err.msg, "no judgement today");
	assert_int_equal(access(s->bundle, F_OK), -1);
}

/* Of which number fails; 0: none. */
static unsigned int json_count, json_fails;

static void *json_alloc(size_t size)
{
	return ++json_count == json_fails ? NULL : malloc(size);
}

/* Either it is the right one, or it says that it is none. */
static void every_failing_allocation_is_an_error(void **state)
{
	struct sealed *s = *state;
	struct err err = {0};
	struct run_data run;
	unsigned int tried = 0, survived = 0, judged = 0, all;
	char *right, *line;

	assert_int_equal(run_data_load(s->store, s->run_id, &run, &err), 0);
	json_set_alloc_funcs(json_alloc, free);
	json_count = json_fails = 0;
	right = sealed_judge(&run);
	all = json_count;
	for (json_fails = 1; json_fails <= all; json_fails++) {
		int ret;

		json_count = 0;
		err.code = 0;
		ret = judge_line(&run, &line, &err);
		tried++;
		judged += !ret;
		if (ret ? !line && err.code == ret : !strcmp(line, right))
			survived++;
		else
			print_error("%u: %d, %s\n", json_fails, ret,
				    line ? line : "nothing");
		free(line);
	}
	json_set_alloc_funcs(malloc, free);
	free(right);
	run_data_release(&run);
	printf("# faults: storage: %u tried, %u survived\n", tried, survived);
	assert_true(tried > 50);
	assert_int_equal(tried, survived);
	/* Nearly each is needed. */
	assert_true(judged < tried / 2);
}

/* A text that JSON cannot have is no reason to leave its figure out. */
static void a_malformed_result_is_an_error(void **state)
{
	struct sealed *s = *state;
	struct err err = {0};
	struct run_data run;
	char *line;

	assert_int_equal(run_data_load(s->store, s->run_id, &run, &err), 0);
	run.boots[0].res.series[0].point[0] = '\xff';
	assert_int_equal(judge_line(&run, &line, &err), -EIO);
	assert_null(line);
	assert_contains(err.msg, "findings cannot be written");
	run_data_release(&run);
}

/* In a report either, which has no bundle to refuse. */
static void changed_claims_are_not_registered(const struct sealed *s)
{
	struct err err = {0};
	struct findings f;
	struct run_data run;

	assert_int_equal(run_data_load(s->store, s->run_id, &run, &err), 0);
	findings_init(&f, &run, NULL);
	assert_non_null(f.judgement.claims);
	assert_false(f.judgement.is_registered);
	findings_release(&f);
	run_data_release(&run);
}

/* Neither a judgement of nothing nor a proof of forgery. */
static void claims_that_cannot_be_read_leave_it_open(void **state)
{
	struct sealed *s = *state;
	struct err err = {0};
	struct evidence e;
	char *line;

	stored_sql(s->store, "UPDATE run SET plan = replace(plan,"
			     " 'non-inferior', 'not inferior')");
	sealed_export(s, s->key, none);
	assert_int_equal(sealed_verify(s, &s->keys, &e), EVIDENCE_OPEN);
	assert_contains(e.reason, "cannot be judged again: the run's claims");
	assert_false(e.is_judged);
	assert_int_equal(judge_line(&e.run, &line, &err), -EPROTO);
	assert_null(line);
	evidence_release(&e);
	assert_int_equal(
		evidence_export(s->store, s->run_id, NULL, s->bundle, &err),
		-EPROTO);
	assert_contains(err.msg, "the run's claims cannot be read");
	stored_sql(s->store,
		   "UPDATE run SET plan = replace(replace(plan,"
		   " 'not inferior', 'non-inferior'), '0.05', '0.50')");
	assert_int_equal(
		evidence_export(s->store, s->run_id, NULL, s->bundle, &err),
		-EPROTO);
	assert_contains(err.msg, "claims have another checksum");
	changed_claims_are_not_registered(s);
	stored_sql(s->store, "UPDATE run SET plan = '{'");
	assert_int_equal(
		evidence_export(s->store, s->run_id, NULL, s->bundle, &err),
		-EPROTO);
	assert_contains(err.msg, "the run's plan cannot be read");
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct evidence e;
	struct err err = {0};
	int fd = open("/proc", O_RDONLY);

	(void)state;
	assert_int_equal(evidence_verify(-1, NULL, &e, &err), -EBADF);
	evidence_release(&e);
	assert_int_equal(evidence_verify(fd, NULL, &e, &err), -EISDIR);
	assert_false(e.is_read);
	evidence_release(&e);
	close(fd);
}

#define SEALED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEALED(a_run_is_judged_again),
		SEALED(the_manifest_says_what_made_it),
		SEALED(memory_has_what_a_store_has),
		SEALED(an_unfinished_run_loads_the_same),
		SEALED(twice_is_the_same),
		SEALED(an_import_keeps_who_signed),
		SEALED(another_verdict_is_named),
		SEALED(hostile_findings_are_shown_plainly),
		SEALED(removed_samples_leave_it_open),
		SEALED(bundles_without_findings_are_open),
		SEALED(late_claims_leave_it_open),
		SEALED(without_a_judgement_there_is_no_bundle),
		SEALED(every_failing_allocation_is_an_error),
		SEALED(a_malformed_result_is_an_error),
		SEALED(claims_that_cannot_be_read_leave_it_open),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return RUN_TESTS(tests);
}
