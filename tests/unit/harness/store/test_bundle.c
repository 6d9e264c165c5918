// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle: what goes out comes in, and what is damaged or hostile does not. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/store/bundle.h"
#include "harness/store/bundle_limits.h"
#include "harness/store/bundle_priv.h"
#include "harness/store/run_data.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char folder[SCRATCH_SIZE], from[96], to[96], bundle[96];
	struct store *a, *b;
	int64_t run_id;
};

static const struct run_info info = {
	.seed = 42,
	.revision = "abc",
	.plan_json = "{\"block_count\":2}",
	.fingerprint_json = "{\"host\":\"x\"}",
	.probe_json = "{}",
	.guest_manifest = "sha256 a b\n",
};

static void add_boot(struct store *store, int64_t run_id, uint32_t position,
		     const char *runner)
{
	struct bench_case bc = {.block = position / 2, .ram_bytes = 7};
	struct err err = {0};
	struct result res;
	struct series *s;
	struct sample *p;

	snprintf(bc.runner, sizeof(bc.runner), "%s", runner);
	snprintf(bc.paravirt, sizeof(bc.paravirt), "best");
	result_init(&res);
	s = result_add_series(&res, "cpu_aes", "", "bytes_per_s");
	p = series_add_sample(s);
	p->value = 1.0 / 3 + position;
	p->waited_ns = 5;
	p->disturbances = DISTURBED_STEAL;
	s = result_add_series(&res, "of another version", "x", "parsec");
	s->lower_is_better = false;
	s->list_rank = 77;
	s->set_bytes = 9;
	series_add_sample(s)->value = 2;
	result_add_phase(&res, "init", 5);
	result_add_exit(&res)->count = 3;
	result_add_document(&res, "storage", "x", "{\"a\":1}");
	res.identity = strdup("a=b\n");
	res.console = strdup("hello\n");
	res.grade = GRADE_HARDWARE;
	assert_int_equal(store_schedule_add(store, run_id, position, bc.block,
					    runner, &err),
			 0);
	assert_int_equal(
		store_result_add(store, run_id, position, &bc, &res, &err), 0);
	result_release(&res);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	scratch_folder(f->folder, "bundle");
	snprintf(f->from, sizeof(f->from), "%s/a.db", f->folder);
	snprintf(f->to, sizeof(f->to), "%s/b.db", f->folder);
	snprintf(f->bundle, sizeof(f->bundle), "%s/run.json.gz", f->folder);
	if (store_open(f->from, &f->a, &err) ||
	    store_open(f->to, &f->b, &err) ||
	    store_run_begin(f->a, &info, &f->run_id, &err))
		return -1;
	add_boot(f->a, f->run_id, 0, "native");
	add_boot(f->a, f->run_id, 1, "kvm");
	store_run_end(f->a, f->run_id, "complete", &err);
	*state = f;
	return bundle_export(f->a, f->run_id, NULL, f->bundle, &err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->a);
	store_close(f->b);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static int64_t count_rows(struct store *store)
{
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	sqlite3_prepare_v2(sql_sqlite_handle(store_handle(store)),
			   "SELECT (SELECT count(*) FROM run)"
			   " + (SELECT count(*) FROM boot)"
			   " + (SELECT count(*) FROM sample)"
			   " + (SELECT count(*) FROM schedule)",
			   -1, &s, NULL);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void what_goes_out_comes_in(void **state)
{
	struct fixture *f = *state;
	struct run_data a, b;
	struct err err = {0};
	const struct result *res;
	int64_t id = 0, again = 0;
	bool is_new = false;

	if (bundle_import(f->b, f->bundle, &id, &is_new, &err))
		fail_msg("%s", err.msg);
	assert_true(is_new);
	assert_int_equal(run_data_load(f->a, f->run_id, &a, &err), 0);
	assert_int_equal(run_data_load(f->b, id, &b, &err), 0);
	assert_string_equal(a.uuid, b.uuid);
	assert_string_equal(b.status, "complete");
	assert_int_equal(a.started_unix_ns, b.started_unix_ns);
	assert_int_equal(a.ended_unix_ns, b.ended_unix_ns);
	assert_string_equal(b.plan, info.plan_json);
	assert_string_equal(b.guest_manifest, info.guest_manifest);
	assert_false(b.is_lab);
	assert_int_equal(b.scheduled_count, 2);
	assert_int_equal(b.boot_count, 2);
	assert_string_equal(b.boots[1].bc.runner, "kvm");
	assert_string_equal(b.boots[1].bc.paravirt, "best");
	res = &b.boots[1].res;
	assert_true(res->series[0].samples[0].value == 1.0 / 3 + 1);
	assert_int_equal(res->series[0].samples[0].waited_ns, 5);
	assert_int_equal(res->series[0].samples[0].disturbances,
			 DISTURBED_STEAL);
	/* What this version's table would not know. */
	assert_string_equal(res->series[1].workload, "of another version");
	assert_false(res->series[1].lower_is_better);
	assert_int_equal(res->series[1].list_rank, 77);
	assert_int_equal(res->series[1].set_bytes, 9);
	assert_int_equal(res->exits[0].count, 3);
	assert_string_equal(res->documents[0].text, "{\"a\":1}");
	assert_int_equal(res->grade, GRADE_HARDWARE);
	run_data_release(&b);
	run_data_release(&a);
	/* Twice is once. */
	assert_int_equal(bundle_import(f->b, f->bundle, &again, &is_new, &err),
			 0);
	assert_false(is_new);
	assert_int_equal(again, id);
}

static void read_all(const char *path, struct strbuf *out)
{
	char buf[4096];
	gzFile f = gzopen(path, "rb");
	int n;

	while ((n = gzread(f, buf, sizeof(buf))) > 0)
		strbuf_add(out, buf, (size_t)n);
	gzclose(f);
}

/* Reading what is not compressed is zlib's own courtesy. */
static void write_all(const char *path, const void *bytes, size_t len)
{
	struct err err = {0};

	assert_int_equal(file_write(path, bytes, len, &err), 0);
}

static int import_into_b(struct fixture *f, struct err *err)
{
	int64_t id;
	bool is_new;

	return bundle_import(f->b, f->bundle, &id, &is_new, err);
}

/* At every length, compressed and not; the store stays empty. */
static void what_is_cut_short_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct strbuf packed = {0}, text = {0};
	struct err err = {0};
	size_t i;

	assert_int_equal(file_read(f->bundle, 1 * MIB, &packed), 0);
	read_all(f->bundle, &text);
	for (i = 0; i < packed.len; i += 11) {
		write_all(f->bundle, packed.str, i);
		assert_int_equal(import_into_b(f, &err), -EPROTO);
	}
	for (i = 0; i < text.len; i += 53) {
		write_all(f->bundle, text.str, i);
		assert_int_equal(import_into_b(f, &err), -EPROTO);
	}
	assert_int_equal(count_rows(f->b), 0);
	strbuf_release(&text);
	strbuf_release(&packed);
}

/* test_tampering.c has every byte. */
static void a_damaged_byte_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct strbuf text = {0};
	struct err err = {0};
	size_t i;

	read_all(f->bundle, &text);
	for (i = 0; i < text.len - 1; i += 7) {
		text.str[i] ^= 1;
		write_all(f->bundle, text.str, text.len);
		if (!import_into_b(f, &err))
			fail_msg("byte %zu was changed unnoticed", i);
		text.str[i] ^= 1;
	}
	assert_int_equal(count_rows(f->b), 0);
	write_all(f->bundle, text.str, text.len);
	assert_int_equal(import_into_b(f, &err), 0);
	strbuf_release(&text);
}

static void hostile_ones_are_refused(void **state)
{
	static const char *const heads[] = {
		"",
		"\n",
		"[]\n",
		"{}\n",
		"{\"l1vh_bundle\": 2}\n",
		"{\"l1vh_bundle\": 0, \"run\": {}}\n",
		"{\"l1vh_bundle\": 4, \"run\": {}}\n",
		"{\"l1vh_bundle\": 1, \"run\": {}}\n",
		"{\"l1vh_bundle\": 1, \"run\": {\"uuid\": \"../x\", \"status\":"
		" \"complete\", \"started_unix_ns\": 1, \"ended_unix_ns\": 1,"
		" \"seed\": 1, \"revision\": \"\", \"is_lab\": false, \"plan\":"
		" {}, \"fingerprint\": {}, \"probe\": {}, \"guest_manifest\":"
		" \"\", \"schedule\": []}}\n",
	};
	/* A good head, and then what no boot is. */
	static const char head[] =
		"{\"l1vh_bundle\": 1, \"run\": {\"uuid\":"
		" \"00000000000000000000000000000000\", \"status\":"
		" \"complete\", \"started_unix_ns\": 1, \"ended_unix_ns\": 1,"
		" \"seed\": 1, \"revision\": \"\", \"is_lab\": false, \"plan\":"
		" {}, \"fingerprint\": {}, \"probe\": {}, \"guest_manifest\":"
		" \"\", \"schedule\": []}}\n";
	static const char *const boots[] = {
		"{\"boot\": {}, \"result\": {}}\n",
		"{\"boot\": {\"position\": -1, \"block\": 0, \"runner\": \"k\","
		" \"paravirt\": \"\", \"vcpu_count\": 1, \"ram_bytes\": 1},"
		" \"result\": {}}\n",
		"{\"boot\": {\"position\": 0, \"block\": 0, \"runner\":"
		" \"<script>\", \"paravirt\": \"\", \"vcpu_count\": 1,"
		" \"ram_bytes\": 1}, \"result\": {}}\n",
		"{\"value\": NaN}\n",
		"{\"end\": {\"boot_count\": 0, \"sha256\": \"0\"}}\n",
	};
	struct fixture *f = *state;
	struct err err = {0};
	char text[2048];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		write_all(f->bundle, heads[i], strlen(heads[i]));
		assert_int_equal(import_into_b(f, &err), -EPROTO);
	}
	for (i = 0; i < ARRAY_SIZE(boots); i++) {
		snprintf(text, sizeof(text), "%s%s", head, boots[i]);
		write_all(f->bundle, text, strlen(text));
		assert_int_equal(import_into_b(f, &err), -EPROTO);
	}
	assert_int_equal(count_rows(f->b), 0);
	unlink(f->bundle);
	assert_int_equal(import_into_b(f, &err), -ENOENT);
	assert_int_equal(bundle_export(f->a, 99, NULL, f->bundle, &err),
			 -ENOENT);
	assert_int_equal(bundle_export(f->a, f->run_id, NULL, "/none/x", &err),
			 -ENOENT);
}

/* The old file stays, and nothing is beside it. */
static void too_large_for(struct fixture *f, const struct bundle_limits *limits,
			  const char *reason)
{
	struct strbuf before = {0}, after = {0};
	struct err err = {0};

	read_all(f->bundle, &before);
	assert_int_equal(bundle_export_within(f->a, f->run_id, NULL, limits,
					      f->bundle, &err),
			 -EFBIG);
	assert_contains(err.msg, "too large for a bundle");
	assert_contains(err.msg, reason);
	read_all(f->bundle, &after);
	assert_string_equal(strbuf_str(&before), strbuf_str(&after));
	strbuf_release(&before);
	strbuf_release(&after);
}

/* At its limits it is written, and one above them it is not. */
static void what_nobody_reads_is_not_written(void **state)
{
	struct fixture *f = *state;
	struct strbuf text = {0};
	struct bundle_limits exact, less;
	struct err err = {0};

	read_all(f->bundle, &text);
	exact = (struct bundle_limits){text.len, 4, 2};
	assert_int_equal(bundle_export_within(f->a, f->run_id, NULL, &exact,
					      f->bundle, &err),
			 0);
	less = exact;
	less.byte_count--;
	too_large_for(f, &less, "bytes");
	less = exact;
	less.sample_count--;
	too_large_for(f, &less, "at most 3 samples");
	less = exact;
	less.boot_count--;
	too_large_for(f, &less, "at most 1 boots");
	assert_int_equal(import_into_b(f, &err), 0);
	strbuf_release(&text);
}

/* The reader's limits are those of the writer. */
static void the_limits_are_counted_alike(void **state)
{
	struct bundle_limits counts = bundle_limits;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		bundle_limits_check(&bundle_limits, &counts, -EPROTO, &err), 0);
	counts.boot_count++;
	assert_int_equal(
		bundle_limits_check(&bundle_limits, &counts, -EPROTO, &err),
		-EPROTO);
	assert_contains(err.msg, "at most 100000 boots");
	counts = bundle_limits;
	counts.sample_count++;
	assert_int_equal(
		bundle_limits_check(&bundle_limits, &counts, -EFBIG, &err),
		-EFBIG);
	assert_contains(err.msg, "at most 16000000 samples");
	counts = bundle_limits;
	counts.byte_count++;
	assert_int_equal(
		bundle_limits_check(&bundle_limits, &counts, -EPROTO, &err),
		-EPROTO);
	assert_contains(err.msg, "at most 1073741824 bytes");
}

/* The emulator's results are emulated, whoever says otherwise. */
static void grades_are_not_laundered(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	sqlite3_exec(sql_sqlite_handle(store_handle(f->a)),
		     "DROP TRIGGER boot_mshv_emu; DROP TRIGGER sample_mshv_emu;"
		     "DROP TRIGGER boot_mshv_emu_stays;"
		     "UPDATE boot SET runner = 'mshv-emu'",
		     NULL, NULL, NULL);
	assert_int_equal(bundle_export(f->a, f->run_id, NULL, f->bundle, &err),
			 0);
	assert_int_equal(import_into_b(f, &err), -EPROTO);
	assert_non_null(strstr(err.msg, "mshv-emu is of grade emulated"));
	sqlite3_exec(
		sql_sqlite_handle(store_handle(f->a)),
		"UPDATE boot SET runner = 'kvm'; UPDATE run SET is_lab = 1",
		NULL, NULL, NULL);
	assert_int_equal(bundle_export(f->a, f->run_id, NULL, f->bundle, &err),
			 0);
	assert_int_equal(import_into_b(f, &err), -EPROTO);
	assert_non_null(strstr(err.msg, "in the lab has grade 'hardware'"));
	assert_int_equal(count_rows(f->b), 0);
}

#define BUNDLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUNDLE(what_goes_out_comes_in),
		BUNDLE(what_is_cut_short_leaves_nothing),
		BUNDLE(a_damaged_byte_leaves_nothing),
		BUNDLE(hostile_ones_are_refused),
		BUNDLE(what_nobody_reads_is_not_written),
		cmocka_unit_test(the_limits_are_counted_alike),
		BUNDLE(grades_are_not_laundered),
	};

	return RUN_TESTS(tests);
}
