// SPDX-License-Identifier: GPL-3.0-or-later
/* findings: read boot by boot they are those of the whole run in memory. */
#include "harness/findings/findings.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/base/xmalloc.h"
#include "harness/store/run_data.h"
#include "harness/store/samples_drop.h"
#include "harness/store/store.h"
#include "reports/formats.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"

#define PLAN                                                             \
	"{\"blocks\": 8, \"claims\": {\"name\": \"made up\", \"text\": " \
	"\"name: made up\\nclaims:\\n  - {id: a, text: Integers hold, "  \
	"metric: cpu_integer, candidate: kvm, baseline: native, kind: "  \
	"non-inferior, margin: 0.5, confidence: 0.95, reason: r}\\n\"}}"
#define GUESTS "256M-1cpu/"

static const struct stored_level levels[] = {
	{"native", "cpu_integer", NULL, 2.5},
	{"native", "mem_latency", "16KiB,4KiB-pages", 1.5},
	{"native", "mem_latency", "64MiB,4KiB-pages", 90},
	{"native", "storage", "randread-4k-qd1/iops", 1e4},
	{"kvm", "cpu_integer", NULL, 2.6},
	{"kvm", "mem_latency", "16KiB,4KiB-pages", 1.6},
	/* Implausible: less than the smaller set. */
	{"kvm", "mem_latency", "64MiB,4KiB-pages", .2},
	{"kvm", "storage", "randread-4k-qd1/iops", 8e3},
	{"qemu-kvm", "footprint", GUESTS "charged", 30 * (double)MIB},
	{"qemu-kvm", "footprint", GUESTS "beside_rss", 1},
	{"qemu-kvm", "footprint", GUESTS "rss", 20 * (double)MIB},
};

struct fixture {
	char folder[SCRATCH_SIZE];
	char *db;
	struct store *store;
	int64_t id;
};

/* Some samples are disturbed, in one series all of them, and the host's clock says
 * of long ones that they took longer: a drift. */
static int set_up(void **state)
{
	const struct stored_run run = {.plan = PLAN,
				       .block_count = 8,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err;

	scratch_folder(f->folder, "findings");
	f->db = xasprintf("%s/r.db", f->folder);
	f->id = stored_run_add(f->db, &run);
	assert_int_equal(store_open(f->db, &f->store, &err), 0);
	stored_sql(f->store,
		   "UPDATE sample SET elapsed_ns = 60000000 + position,"
		   " host_elapsed_ns = 60100000, disturbances ="
		   " (series_id % 5 = 0 AND position = 1) OR series_id = 7");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	scratch_remove(f->folder);
	free(f->db);
	free(f);
	return 0;
}

/* The caller frees it. */
static char *shown(const struct findings *f, const struct format *format,
		   bool wants_all)
{
	const struct format_places places = {.wants_all = wants_all};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	format_write(format, f, &places, out);
	fclose(out);
	return text;
}

static void same_in_each_format(struct fixture *t)
{
	char *list = xstrdup(FORMAT_NAMES), *rest = list, *name;
	struct run_data whole, lean;
	struct findings a, b;
	struct err err = {0};
	size_t count = 0;

	assert_int_equal(run_data_load(t->store, t->id, &whole, &err), 0);
	findings_init(&a, &whole, NULL);
	assert_int_equal(findings_read(&b, t->store, t->id, &lean, NULL, &err),
			 0);
	while ((name = strsep(&rest, ","))) {
		const struct format *format =
			format_find(name + strspn(name, " "));
		int all;

		for (all = 0; all < 2 && !format->wants_samples; all++) {
			char *x = shown(&a, format, all);
			char *y = shown(&b, format, all);

			assert_string_equal(x, y);
			assert_true(strlen(x) > 100);
			count++;
			free(x);
			free(y);
		}
	}
	assert_true(count >= 10);
	findings_release(&a);
	findings_release(&b);
	run_data_release(&whole);
	run_data_release(&lean);
	free(list);
}

static void what_is_read_boot_by_boot_is_the_same(void **state)
{
	same_in_each_format(*state);
}

static void removed_samples_change_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(samples_drop(f->store, INT64_MAX, NULL, NULL, &err),
			 0);
	same_in_each_format(f);
}

/* Else the two ways would agree on nothing. */
static void there_is_something_to_show(void **state)
{
	struct fixture *t = *state;
	struct run_data run;
	struct findings f;
	struct err err = {0};
	char *text;

	assert_int_equal(findings_read(&f, t->store, t->id, &run, NULL, &err),
			 0);
	text = shown(&f, format_find(FORMAT_TEXT), true);
	assert_contains(text, "its clock drifts");
	assert_contains(text, "less than three cycles");
	assert_contains(text, "cpu_integer");
	assert_int_equal(f.footprints.count, 1);
	assert_int_equal(run.boots[0].res.series[0].sample_count, 0);
	assert_int_equal(f.model.rows[0].cells[0].sample_count, 0);
	free(text);
	findings_release(&f);
	run_data_release(&run);
}

static void no_such_run(void **state)
{
	struct fixture *t = *state;
	struct run_data run;
	struct findings f;
	struct err err = {0};

	assert_int_equal(findings_read(&f, t->store, 99, &run, NULL, &err),
			 -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_read_boot_by_boot_is_the_same),
		TEST(removed_samples_change_nothing),
		TEST(there_is_something_to_show),
		TEST(no_such_run),
	};

	return RUN_TESTS(tests);
}
