// SPDX-License-Identifier: GPL-3.0-or-later
/* export, import, verify: a run from one store to another, and what is refused. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/cli/spool.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualification_file.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *a, *b, *bundle, *copy;
} f;

static int set_up(void **state)
{
	(void)state;
	scratch_folder(f.folder, "bundles");
	f.a = xasprintf("%s/a.db", f.folder);
	f.b = xasprintf("%s/b.db", f.folder);
	f.bundle = xasprintf("%s/run.json.gz", f.folder);
	f.copy = xasprintf("%s/copy.db", f.folder);
	stored_run_add_native(f.a, 100);
	stored_run_add_native(f.a, 200);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.a);
	free(f.b);
	free(f.bundle);
	free(f.copy);
	return 0;
}

/* The bytes of run RUN of a store as JSON; the caller frees them. */
static char *json_of(const char *db, const char *run)
{
	assert_int_equal(CALL(cmd_report, "--format=json", "--db", db, run),
			 STATUS_OK);
	return xstrdup(called.out);
}

static void the_latest_run_goes_from_store_to_store(void **state)
{
	char *said = xasprintf("%s: run 1\n", f.bundle);
	char *again = xasprintf("%s: run 1, already in the store\n", f.bundle);
	char *before, *after;

	(void)state;
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	assert_string_equal(called.out, "");
	assert_int_equal(CALL(cmd_import, "--db", f.b, f.bundle), STATUS_OK);
	assert_string_equal(called.out, said);
	assert_int_equal(CALL(cmd_import, f.bundle, f.bundle, "--db", f.b),
			 STATUS_OK);
	assert_int_equal(count_of(called.out, again), 2);
	/* It was the second; all but its number is the same. */
	before = json_of(f.a, "2");
	after = json_of(f.b, "1");
	assert_int_equal(strlen(before), strlen(after));
	assert_contains(after, "200");
	free(after);
	free(before);
	free(again);
	free(said);
}

static void a_run_may_be_named(void **state)
{
	(void)state;
	assert_int_equal(
		CALL(cmd_export, "1", "--db", f.a, "--output", f.bundle),
		STATUS_OK);
	assert_int_equal(CALL(cmd_import, "--db", f.b, f.bundle), STATUS_OK);
	assert_int_equal(CALL(cmd_report, "--db", f.b, "--all"), STATUS_OK);
	assert_contains(called.out, "100");
}

static void a_store_is_copied_as_a_whole(void **state)
{
	char *before, *after;

	(void)state;
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--store", f.copy),
			 STATUS_OK);
	before = json_of(f.a, "1");
	after = json_of(f.copy, "1");
	assert_string_equal(before, after);
	free(after);
	after = json_of(f.copy, "2");
	assert_non_null(after);
	free(after);
	free(before);
	/* Never over another file. */
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--store", f.copy),
			 STATUS_USAGE);
	assert_contains(called.err, f.copy);
}

/* A pipe that holds LEN bytes of the bundle, and ends then; its reading end. A
 * bundle of so small a run fits into a pipe. */
static int pipe_with(size_t len, char path[SPOOL_PATH_SIZE])
{
	struct strbuf bytes = {0};
	int ends[2];

	assert_int_equal(file_read(f.bundle, MIB, &bytes), 0);
	if (len > bytes.len)
		len = bytes.len;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(write(ends[1], bytes.str, len), len);
	close(ends[1]);
	strbuf_release(&bytes);
	snprintf(path, SPOOL_PATH_SIZE, "/dev/fd/%d", ends[0]);
	return ends[0];
}

static void a_bundle_may_come_through_a_pipe(void **state)
{
	char path[SPOOL_PATH_SIZE];
	int fd;

	(void)state;
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	/* One that ends too early, and one that says nothing. */
	fd = pipe_with(300, path);
	assert_int_equal(CALL(cmd_import, "--db", f.b, path), STATUS_USAGE);
	assert_contains(called.err, path);
	assert_contains(called.err, "damaged or truncated");
	close(fd);
	fd = pipe_with(0, path);
	assert_int_equal(CALL(cmd_import, "--db", f.b, path), STATUS_USAGE);
	assert_contains(called.err, "sent nothing");
	close(fd);
	fd = pipe_with(SIZE_MAX, path);
	assert_int_equal(CALL(cmd_import, "--db", f.b, path), STATUS_OK);
	assert_contains(called.out, ": run 1\n");
	close(fd);
	assert_int_equal(CALL(cmd_import, "--db", f.b, f.folder), STATUS_USAGE);
	assert_contains(called.err, "directory");
	fd = pipe_with(SIZE_MAX, path);
	assert_int_equal(CALL(cmd_verify, path), STATUS_OK);
	assert_contains(called.out, "VERIFIED");
	close(fd);
}

/* Unpacked, as zcat passes it on. */
static void a_bundle_may_come_by_the_standard_input(void **state)
{
	struct strbuf text = {0};
	char buf[4096], middle;
	gzFile file;
	int n;

	(void)state;
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	file = gzopen(f.bundle, "rb");
	while ((n = gzread(file, buf, sizeof(buf))) > 0)
		strbuf_add(&text, buf, (size_t)n);
	gzclose(file);
	middle = text.str[text.len / 2];
	text.str[text.len / 2] = '\0';
	assert_int_equal(
		call_with_input(&cmd_import, text.str, "--db", f.b, "-", NULL),
		STATUS_USAGE);
	assert_contains(called.err, "bundle '-': the file is truncated");
	text.str[text.len / 2] = middle;
	assert_int_equal(
		call_with_input(&cmd_import, text.str, "--db", f.b, "-", NULL),
		STATUS_OK);
	assert_string_equal(called.out, "-: run 1\n");
	strbuf_release(&text);
}

/* The first file is in the store, the second is none, the third not tried. */
static void files_are_taken_until_one_is_bad(void **state)
{
	char bad[SCRATCH_SIZE];

	(void)state;
	scratch_file(bad, "{}", 2);
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	assert_int_equal(CALL(cmd_import, "--db", f.b, f.bundle, bad, f.bundle),
			 STATUS_USAGE);
	assert_int_equal(count_of(called.out, "run 1"), 1);
	assert_contains(called.err, "import: ");
	assert_int_equal(CALL(cmd_report, "--db", f.b), STATUS_OK);
	unlink(bad);
}

/* As root a bundle for /dev/null would take its place; here it is a link's. */
static void a_bundle_does_not_replace_a_device(void **state)
{
	static const char *const devices[] = {"/dev/null", "/dev/full"};
	static const int statuses[] = {STATUS_OK, STATUS_INTERNAL};
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		assert_int_equal(symlink(devices[i], f.bundle), 0);
		assert_int_equal(
			CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			statuses[i]);
		assert_int_equal(lstat(f.bundle, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(unlink(f.bundle), 0);
	}
}

static void the_results_are_no_bundle(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.a),
			 STATUS_USAGE);
	assert_contains(called.err, "would overwrite the results");
	assert_int_equal(CALL(cmd_report, "--db", f.a), STATUS_OK);
	/* A copy of a store does not replace a link to nothing either. */
	assert_int_equal(symlink("nothing", f.bundle), 0);
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--store", f.bundle),
			 STATUS_USAGE);
	assert_int_equal(unlink(f.bundle), 0);
}

static void drop_samples(void)
{
	struct store *store;
	struct err err;

	assert_int_equal(store_open(f.a, &store, &err), 0);
	assert_int_equal(samples_drop(store, clock_unix_ns(), NULL, NULL, &err),
			 0);
	store_close(store);
}

/* Each outcome has its exit status, and the worst of several files is the answer. */
static void a_bundle_is_verified(void **state)
{
	char bad[SCRATCH_SIZE];

	(void)state;
	scratch_file(bad, "{}\n", 3);
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	assert_int_equal(CALL(cmd_verify, f.bundle), STATUS_OK);
	assert_contains(called.out, "none: anybody can have made this file");
	assert_contains(called.out, "none were registered");
	assert_contains(called.out,
			"0 verdicts and 1 figure from 6 raw samples: the same");
	assert_contains(called.out, "VERIFIED, but not who made it");
	assert_int_equal(CALL(cmd_verify, f.bundle, bad, f.bundle),
			 STATUS_WORSE);
	assert_contains(called.out, "REFUTED     the file is not a bundle");
	assert_int_equal(count_of(called.out, "VERIFIED, but"), 2);
	/* What cannot be read hides nothing. */
	assert_int_equal(CALL(cmd_verify, "/no/such/file", bad), STATUS_WORSE);
	assert_contains(called.err, "/no/such/file");
	assert_contains(called.out, "REFUTED");
	assert_int_equal(CALL(cmd_verify, f.bundle,
			      "--claims=reports/claims/near-native.yaml"),
			 STATUS_OK);
	assert_contains(called.out, "POST HOC");
	assert_contains(called.out, "NOT EVALUABLE: ");
	/* Its samples are gone, and nothing else is wrong. */
	drop_samples();
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	assert_int_equal(CALL(cmd_verify, f.bundle), STATUS_UNDECIDED);
	assert_contains(called.out, "from the medians that were kept, without");
	assert_contains(called.out, "OPEN        its raw samples were removed");
	assert_int_equal(CALL(cmd_verify, f.bundle, bad), STATUS_WORSE);
	unlink(bad);
}

/* A node's qualification with the bundle as often as COUNT, and one more that is
 * damaged where IS_BAD. */
static void qualify(const char *path, size_t count, bool is_bad)
{
	struct strbuf bytes = {0};
	struct qualification q;
	struct err err = {0};
	char name[48];
	size_t i;

	qualification_init(&q);
	assert_int_equal(file_read(f.bundle, MIB, &bytes), 0);
	for (i = 0; i < count + is_bad; i++) {
		if (i == count)
			bytes.str[bytes.len / 2] ^= 1;
		snprintf(name, sizeof(name), "run-%zu.json.gz", i + 1);
		qualification_add_exhibit(&q, name, bytes.str, bytes.len);
	}
	qualification_add_exhibit(&q, "cpuinfo.txt", "x", 1);
	if (qualification_write(&q, path, &err))
		fail_msg("%s", err.msg);
	qualification_release(&q);
	strbuf_release(&bytes);
}

static void the_runs_of_a_qualification_are_verified(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_export, "--db", f.a, "--output", f.bundle),
			 STATUS_OK);
	qualify(f.copy, 2, false);
	assert_int_equal(CALL(cmd_verify, f.copy), STATUS_OK);
	assert_contains(called.out, "copy.db: run-2.json.gz\n");
	assert_int_equal(count_of(called.out, "VERIFIED, but"), 2);
	assert_contains(called.out, "copy.db: a qualification, 2 runs\n");
	qualify(f.copy, 1, true);
	assert_int_equal(CALL(cmd_verify, f.copy), STATUS_WORSE);
	assert_contains(called.out, "run-2.json.gz\nREFUTED ");
	/* One without runs has nothing to show. */
	qualify(f.copy, 0, false);
	assert_int_equal(CALL(cmd_verify, f.copy), STATUS_UNDECIDED);
}

static void verify_has_mistakes_of_usage(void **state)
{
	const struct refused_call calls[] = {
		{{NULL}, "name a file"},
		{{"/no/such/file"}, "/no/such/file"},
		{{f.folder}, "Is a directory"},
		{{"--key=/no/such/key", f.bundle}, "/no/such/key"},
		{{"--key=/dev/null", f.bundle}, "has no public key"},
		{{"--claims=none", f.bundle}, "claims/none.yaml"},
	};

	(void)state;
	expect_refused(&cmd_verify, calls, ARRAY_SIZE(calls));
	assert_int_equal(CALL(cmd_verify, "/proc/self/mem"), STATUS_INTERNAL);
}

static void mistakes_are_of_usage(void **state)
{
	const struct refused_call exports[] = {
		{{NULL}, "--output FILE or --store FILE"},
		{{"--output=/no/such/x", "--store=/no/such/y"},
		 "--output FILE or --store"},
		{{"--store=/no/such/y", "1"}, "all runs"},
		{{"--store=/no/such/y", "--sign=k"}, "--sign is for --output"},
		{{"--db", f.a, "--output=/no/such/x", "--sign=/no/such/k"},
		 "cannot open key '/no/such/k'"},
		{{"--db", f.a, "--output=/no/such/x", "--sign=/dev/null"},
		 "has no private key"},
		{{"--output=/no/such/x", "0"}, "'0'"},
		{{"--output=/no/such/x", "1x"}, "'1x'"},
		{{"--output=/no/such/x", "1", "2"}, "'2'"},
		{{"--db", f.a, "--output", f.bundle, "3"}, "3"},
		{{"--db=/no/such/db", "--output=/no/such/x"}, "/no/such/db"},
	};
	const struct refused_call imports[] = {
		{{NULL}, "name a file"},
		{{"--output=/no/such/x"}, "import --help"},
		{{"--db", f.b, "/no/such/file"}, "/no/such/file"},
	};

	(void)state;
	expect_refused(&cmd_export, exports, ARRAY_SIZE(exports));
	expect_refused(&cmd_import, imports, ARRAY_SIZE(imports));
	/* Nothing was written for a run that is not there. */
	assert_int_not_equal(access(f.bundle, F_OK), 0);
	assert_int_equal(
		CALL(cmd_export, "--db", f.a, "--output=/no/such/folder/x"),
		STATUS_USAGE);
	assert_int_equal(CALL(cmd_import, "--db=/dev/null/b.db", f.bundle),
			 STATUS_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_latest_run_goes_from_store_to_store),
		TEST(a_run_may_be_named),
		TEST(a_store_is_copied_as_a_whole),
		TEST(a_bundle_may_come_through_a_pipe),
		TEST(a_bundle_may_come_by_the_standard_input),
		TEST(files_are_taken_until_one_is_bad),
		TEST(a_bundle_does_not_replace_a_device),
		TEST(the_results_are_no_bundle),
		TEST(a_bundle_is_verified),
		TEST(the_runs_of_a_qualification_are_verified),
		TEST(verify_has_mistakes_of_usage),
		TEST(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
