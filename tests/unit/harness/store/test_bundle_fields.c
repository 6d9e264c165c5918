// SPDX-License-Identifier: GPL-3.0-or-later
/* bundle: one field after the other of a good bundle is hostile, and its
 * checksum is right all the same. */
#include "tests/unit/test.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/store/bundle.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char folder[SCRATCH_SIZE], bundle[64];
	struct store *to;
	json_t *head, *boot; /* of a good one */
};

static struct store *open_in(const struct fixture *f, const char *name)
{
	struct store *store;
	struct err err = {0};
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	if (store_open(path, &store, &err))
		fail_msg("%s", err.msg);
	return store;
}

static const char head_text[] =
	"{\"l1vh_bundle\": 1, \"run\": {\"uuid\":"
	" \"0123456789abcdef0123456789abcdef\", \"status\": \"complete\","
	" \"started_unix_ns\": 1, \"ended_unix_ns\": 2, \"seed\": 3,"
	" \"revision\": \"r\", \"is_lab\": false, \"plan\": {},"
	" \"fingerprint\": {\"host\": \"h\"}, \"probe\": {},"
	" \"guest_manifest\": \"\", \"schedule\": [[0, 0, \"kvm\"]]}}";
static const char boot_text[] =
	"{\"boot\": {\"position\": 0, \"block\": 0, \"runner\": \"kvm\","
	" \"paravirt\": \"best\", \"vcpu_count\": 1, \"ram_bytes\": 2},"
	" \"result\": {\"status\": \"ok\", \"reason\": \"\", \"grade\":"
	" \"hardware\", \"started_unix_ns\": 1, \"elapsed_ns\": 2,"
	" \"exit_cost_ns\": 3, \"series\": [{\"workload\": \"null\","
	" \"point\": \"\", \"unit\": \"ns\", \"status\": \"ok\", \"reason\":"
	" \"\", \"iterations\": 1, \"lower_is_better\": true, \"set_bytes\": 0,"
	" \"page_bytes\": 0, \"list_rank\": 0, \"samples\": [[0, 1, 1, 5.0, 0,"
	" 0]]}], \"phases\": [[\"init\", 5]], \"exits\": [[0, \"pio\", 1, 2]],"
	" \"documents\": [[\"null\", \"\", \"{}\"]], \"boot_id\": \"x\","
	" \"identity\": \"a=b\", \"console\": \"hello\"}}";

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	scratch_folder(f->folder, "fields");
	snprintf(f->bundle, sizeof(f->bundle), "%s/bundle", f->folder);
	f->to = open_in(f, "to.db");
	f->head = json_loads(head_text, 0, NULL);
	f->boot = json_loads(boot_text, 0, NULL);
	*state = f;
	return f->head && f->boot ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->head);
	json_decref(f->boot);
	store_close(f->to);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void add_line(struct strbuf *out, const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);

	strbuf_printf(out, "%s\n", text);
	free(text);
}

/* HEAD, BOOT as often as COUNT, and an end whose sum is that of these. */
static void seal(const struct fixture *f, int count, const char *behind)
{
	unsigned char digest[32];
	struct strbuf text = {0};
	struct err err = {0};
	int i;

	add_line(&text, f->head);
	for (i = 0; i < count; i++)
		add_line(&text, f->boot);
	assert_int_equal(EVP_Digest(text.str, text.len, digest, NULL,
				    EVP_sha256(), NULL),
			 1);
	strbuf_printf(&text, "{\"end\": {\"boot_count\": %d, \"sha256\": \"",
		      count);
	for (i = 0; i < 32; i++)
		strbuf_printf(&text, "%02x", digest[i]);
	strbuf_printf(&text, "\"}}\n%s", behind);
	assert_int_equal(file_write(f->bundle, text.str, text.len, &err), 0);
	strbuf_release(&text);
}

static int import_sealed(const struct fixture *f, struct err *err)
{
	int64_t id;
	bool is_new;

	seal(f, 1, "");
	return bundle_import(f->to, f->bundle, &id, &is_new, err);
}

static int64_t count_rows(struct store *store)
{
	return store_scalar(store,
			    "SELECT (SELECT count(*) FROM run)"
			    " + (SELECT count(*) FROM boot)"
			    " + (SELECT count(*) FROM schedule)",
			    -1);
}

/* The place of a path "result.series.0.unit"; KEY is its last part. */
static json_t *parent_of(json_t *json, const char *path, char key[32])
{
	for (;;) {
		size_t len = strcspn(path, ".");

		snprintf(key, 32, "%.*s", (int)len, path);
		if (!path[len])
			return json;
		json = json_is_array(json)
			       ? json_array_get(json, strtoul(key, NULL, 10))
			       : json_object_get(json, key);
		assert_non_null(json);
		path += len + 1;
	}
}

static json_t *value_at(json_t *json, const char *path)
{
	char key[32];
	json_t *parent = parent_of(json, path, key);

	return json_is_array(parent)
		       ? json_array_get(parent, strtoul(key, NULL, 10))
		       : json_object_get(parent, key);
}

/* VALUE is consumed. */
static void put_at(json_t *json, const char *path, json_t *value)
{
	char key[32];
	json_t *parent = parent_of(json, path, key);

	if (json_is_array(parent))
		json_array_set_new(parent, strtoul(key, NULL, 10), value);
	else
		json_object_set_new(parent, key, value);
}

static int import_with(const struct fixture *f, json_t *line, const char *path,
		       const char *value, struct err *err)
{
	json_t *before = json_incref(value_at(line, path));
	int ret;

	put_at(line, path, json_loads(value, JSON_DECODE_ANY, NULL));
	ret = import_sealed(f, err);
	put_at(line, path, before);
	return ret;
}

static const struct {
	const char *path, *value;
} heads[] = {
	{"l1vh_bundle", "0"},
	{"l1vh_bundle", "\"1\""},
	{"run", "[]"},
	{"run.uuid", "\"0123456789abcdef0123456789abcde\""},
	{"run.uuid", "\"0123456789abcdef0123456789abcdef0\""},
	{"run.uuid", "\"0123456789ABCDEF0123456789ABCDEF\""},
	{"run.status", "\"Complete\""},
	{"run.status", "\"\""},
	{"run.started_unix_ns", "-1"},
	{"run.started_unix_ns", "1.5"},
	{"run.ended_unix_ns", "-1"},
	{"run.seed", "\"1\""},
	{"run.revision", "1"},
	{"run.is_lab", "0"},
	{"run.plan", "[]"},
	{"run.fingerprint", "\"{}\""},
	{"run.probe", "null"},
	{"run.guest_manifest", "null"},
	{"run.schedule", "{}"},
	{"run.schedule.0", "{}"},
	{"run.schedule.0", "[0, 0]"},
	{"run.schedule.0", "[0, 0, \"kvm\", 1]"},
	{"run.schedule.0.0", "-1"},
	{"run.schedule.0.0", "4294967296"},
	{"run.schedule.0.1", "-1"},
	{"run.schedule.0.1", "4294967295"},
	{"run.schedule.0.2", "\"<b>\""},
	{"run.schedule.0.2", "\"thirty-two-bytes-of-a-runner-nam\""},
};

static const struct {
	const char *path, *value;
} boots[] = {
	{"boot", "[]"},
	{"boot.position", "-1"},
	{"boot.position", "4294967296"},
	{"boot.block", "-1"},
	{"boot.block", "4294967295"},
	{"boot.runner", "\"k\\nv\""},
	{"boot.runner", "\"thirty-two-bytes-of-a-runner-nam\""},
	{"boot.paravirt", "\"\\u00e4\""},
	{"boot.vcpu_count", "-1"},
	{"boot.vcpu_count", "4294967296"},
	{"boot.ram_bytes", "-1"},
	{"result", "[]"},
	{"result.series", "[{}]"},
	{"result.boot_id", "\"<x>\""},
	{"result.series.0.workload", "\"'; --\""},
	{"result.series.0.point", "\"a\\tb\""},
	{"result.series.0.unit", "\"<b>\""},
	{"result.series.0.samples.0.3", "-0.5"},
	{"result.series.0.samples.0.3", "null"},
	{"result.phases.0.0", "\"&amp;\""},
	{"result.exits.0.1", "\"\\\"\""},
	{"result.documents.0.0", "\"{}\""},
	{"result.documents.0.1", "\"\\\\\""},
};

static void hostile_fields_are_refused(void **state)
{
	struct fixture *f = *state;
	struct err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heads); i++)
		if (import_with(f, f->head, heads[i].path, heads[i].value,
				&err) != -EPROTO)
			fail_msg("%s = %s is taken", heads[i].path,
				 heads[i].value);
	for (i = 0; i < ARRAY_SIZE(boots); i++)
		if (import_with(f, f->boot, boots[i].path, boots[i].value,
				&err) != -EPROTO)
			fail_msg("%s = %s is taken", boots[i].path,
				 boots[i].value);
	assert_int_equal(count_rows(f->to), 0);
	/* It was no more than these. */
	assert_int_equal(import_sealed(f, &err), 0);
	assert_int_equal(count_rows(f->to), 3);
}

/* sample_count, used_count, disturbances, median, mean, stddev, low, high, and of long
 * samples count and times. */
static const char figure_text[] = "[3, 2, 1, 5.5, 5.5, 0.5, 5.0, 6.0, 1, 7, 8]";

static const struct {
	const char *path, *value;
} figures[] = {
	{"0", "1"},    {"0", "-1"},    {"1", "4"}, {"3", "-0.5"}, {"4", "-1"},
	{"7", "null"}, {"5", "\"1\""}, {"8", "3"}, {"6", "5.6"},  {"7", "5.4"},
};

/* A bundle of a run whose samples were removed. */
static void figures_are_checked(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err;
	json_t *figure;
	size_t i;

	/* Of the first version: none. */
	put_at(f->boot, "result.series.0.figure",
	       json_loads(figure_text, 0, NULL));
	assert_int_equal(import_sealed(f, &err), -EPROTO);
	put_at(f->head, "l1vh_bundle", json_integer(2));
	assert_int_equal(import_sealed(f, &err), -EPROTO);
	put_at(f->head, "run.samples_dropped_unix_ns", json_integer(0));
	put_at(f->boot, "result.series.0.samples", json_array());
	assert_int_equal(import_sealed(f, &err), -EPROTO);
	put_at(f->head, "run.samples_dropped_unix_ns", json_integer(9));
	figure = value_at(f->boot, "result.series.0.figure");
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		if (import_with(f, figure, figures[i].path, figures[i].value,
				&err) != -EPROTO)
			fail_msg("%s = %s is taken", figures[i].path,
				 figures[i].value);
	assert_int_equal(count_rows(f->to), 0);
	assert_int_equal(import_sealed(f, &err), 0);
	assert_int_equal(run_data_load(f->to, 1, &run, &err), 0);
	assert_int_equal(run.samples_dropped_unix_ns, 9);
	assert_int_equal(run.boots[0].res.series[0].figure->used_count, 2);
	assert_true(run.boots[0].res.series[0].figure->median == 5.5);
	run_data_release(&run);
}

/* What people read may be any text, and is made plain. */
static void free_text_becomes_plain(void **state)
{
	static const char text[] = "\"a\\u001b[31m\\u00e4 <b>\\n\"";
	static const char plain[] = "a?[31m?? <b>\n";
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};

	put_at(f->head, "run.revision",
	       json_loads(text, JSON_DECODE_ANY, NULL));
	put_at(f->boot, "result.reason",
	       json_loads(text, JSON_DECODE_ANY, NULL));
	put_at(f->boot, "result.console",
	       json_loads(text, JSON_DECODE_ANY, NULL));
	put_at(f->boot, "result.series.0.reason",
	       json_loads(text, JSON_DECODE_ANY, NULL));
	put_at(f->boot, "result.documents.0.2",
	       json_loads(text, JSON_DECODE_ANY, NULL));
	assert_int_equal(import_sealed(f, &err), 0);
	assert_int_equal(run_data_load(f->to, 1, &run, &err), 0);
	assert_string_equal(run.revision, plain);
	assert_string_equal(run.boots[0].res.reason, plain);
	assert_string_equal(run.boots[0].res.console, plain);
	assert_string_equal(run.boots[0].res.series[0].reason, plain);
	assert_string_equal(run.boots[0].res.documents[0].text, plain);
	run_data_release(&run);
}

static void one_place_has_one_boot(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	bool is_new;
	int64_t id;

	seal(f, 2, "");
	assert_int_equal(bundle_import(f->to, f->bundle, &id, &is_new, &err),
			 -EIO);
	assert_contains(err.msg, "UNIQUE");
	assert_int_equal(count_rows(f->to), 0);
	/* Nor is anything taken behind the end. */
	seal(f, 1, "{}\n");
	assert_int_equal(bundle_import(f->to, f->bundle, &id, &is_new, &err),
			 -EPROTO);
	assert_contains(err.msg, "after its end");
	assert_int_equal(count_rows(f->to), 0);
}

/* What no boot needs is neither written nor read. */
static void lines_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct store *from = open_in(f, "from.db");
	int64_t id = stored_run(from, "abc", "{}");
	struct strbuf text = {0};
	struct err err = {0};
	bool is_new;

	stored_boot(from, id, 0, "kvm", "null", 1);
	stored_sql(from, "UPDATE boot SET console ="
			 " replace(hex(zeroblob(8388608)), '0', 'x')");
	assert_int_equal(bundle_export(from, id, NULL, f->bundle, &err),
			 -EFBIG);
	assert_int_equal(access(f->bundle, F_OK), -1);
	stored_sql(from, "UPDATE boot SET console = 'short'");
	assert_int_equal(bundle_export(from, id, NULL, f->bundle, &err), 0);
	store_close(from);
	/* A line without an end, of which 16 MiB are read. */
	add_line(&text, f->head);
	while (text.len < 17 * MIB)
		strbuf_printf(&text, "%0*d", 65536, 0);
	assert_int_equal(file_write(f->bundle, text.str, text.len, &err), 0);
	assert_int_equal(bundle_import(f->to, f->bundle, &id, &is_new, &err),
			 -EPROTO);
	assert_contains(err.msg, "larger than any boot");
	assert_int_equal(count_rows(f->to), 0);
	strbuf_release(&text);
}

static void what_is_no_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	bool is_new = true;
	int64_t id;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(bundle_import_fd(f->to, ends[0], &id, &is_new, &err),
			 -ESPIPE);
	assert_false(is_new);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(bundle_import_fd(f->to, -1, &id, &is_new, &err),
			 -EBADF);
	assert_int_equal(bundle_import(f->to, f->folder, &id, &is_new, &err),
			 -EISDIR);
	assert_contains(err.msg, f->folder);
	/* What cannot be read is not therefore damaged. */
	assert_contains(err.msg, "cannot read the file");
}

/* In the place of a folder, and of a run that JSON cannot hold. */
static void a_failed_export_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct store *from = open_in(f, "from.db");
	int64_t id = stored_run(from, "abc", "damaged");
	struct err err = {0};
	char part[80];
	bool is_new;

	snprintf(part, sizeof(part), "%s.part", f->bundle);
	stored_boot(from, id, 0, "kvm", "null", 1);
	assert_int_equal(mkdir(f->bundle, 0755), 0);
	assert_int_equal(bundle_export(from, id, NULL, f->bundle, &err),
			 -EISDIR);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(rmdir(f->bundle), 0);
	/* A fingerprint that is no JSON is left out, and the run is not. */
	assert_int_equal(bundle_export(from, id, NULL, f->bundle, &err), 0);
	assert_int_equal(bundle_import(f->to, f->bundle, &id, &is_new, &err),
			 0);
	assert_int_equal(count_rows(f->to), 3);
	unlink(f->bundle);
	stored_sql(from, "UPDATE run SET revision = CAST(x'ff' AS TEXT)");
	assert_int_equal(bundle_export(from, 1, NULL, f->bundle, &err), -EIO);
	assert_int_equal(access(f->bundle, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
	store_close(from);
}

#define WITH_BUNDLE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BUNDLE(hostile_fields_are_refused),
		WITH_BUNDLE(figures_are_checked),
		WITH_BUNDLE(free_text_becomes_plain),
		WITH_BUNDLE(one_place_has_one_boot),
		WITH_BUNDLE(lines_are_bounded),
		WITH_BUNDLE(what_is_no_file_is_refused),
		WITH_BUNDLE(a_failed_export_leaves_nothing),
	};

	return RUN_TESTS(tests);
}
