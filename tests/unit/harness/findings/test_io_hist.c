// SPDX-License-Identifier: GPL-3.0-or-later
/* io_hist: the latencies of a job, from the documents of all its boots. */
#include "tests/unit/test.h"

#include "harness/findings/io_hist.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define JOB "randread-4k-qd1"

static void collect(struct shown *s, const char *runner, struct io_doc *doc)
{
	io_hist_collect(&shown_find(s)->model, runner, "storage", JOB, doc);
}

static void assert_bins(struct shown *s, const char *runner,
			const struct io_bin *want, size_t count)
{
	struct io_doc doc;
	size_t i;

	collect(s, runner, &doc);
	assert_int_equal(doc.bin_count, count);
	for (i = 0; i < count; i++) {
		assert_close(doc.bins[i].ns, want[i].ns, 0);
		assert_int_equal(doc.bins[i].count, want[i].count);
	}
	io_doc_release(&doc);
}

static void boots_are_put_together_in_order(void **state)
{
	static const struct io_bin kvm[] = {
		{500, 1}, {1000, 3}, {1000, 4}, {2000, 2}};
	static const struct io_bin native[] = {{100, 9}};
	struct shown *s = *state;

	assert_bins(s, "kvm", NULL, 0);
	shown_fio(s, "kvm", 0, JOB, "\"2000\": 2, \"1000\": 3");
	shown_fio(s, "kvm", 1, JOB, "\"1000\": 4, \"500\": 1");
	shown_fio(s, "native", 0, JOB, "\"100\": 9");
	/* Another job, and one whose name begins in the same way. */
	shown_fio(s, "kvm", 0, "fsync-4k-qd1", "\"7\": 7");
	shown_fio(s, "kvm", 0, JOB "6", "\"7\": 7");
	assert_bins(s, "kvm", kvm, ARRAY_SIZE(kvm));
	assert_bins(s, "native", native, ARRAY_SIZE(native));
	assert_bins(s, "qemu", NULL, 0);
}

/* By the job's own series; those of another job may be disturbed. */
static void disturbed_jobs_are_left_out(void **state)
{
	static const struct io_bin one[] = {{1000, 3}};
	struct shown *s = *state;

	shown_fio(s, "kvm", 0, JOB, "\"1000\": 3");
	shown_fio(s, "kvm", 1, JOB, "\"9000\": 4");
	shown_sample(s, "kvm", 0, "storage", JOB "6/iops", 1)->disturbances =
		DISTURBED_CLOCKS;
	shown_sample(s, "kvm", 0, "storage", JOB "/iops", 1);
	shown_series(s, "kvm", 1, "storage", JOB "/p50");
	shown_sample(s, "kvm", 1, "storage", JOB "/iops", 1)->disturbances =
		DISTURBED_CLOCKS;
	assert_bins(s, "kvm", one, ARRAY_SIZE(one));
}

static void damaged_documents_are_no_harm(void **state)
{
	static const char *const texts[] = {
		"not json",
		"[]",
		"{\"output\": 5}",
		"{\"output\": {\"jobs\": []}}",
		"{\"output\": {\"jobs\": [{\"error\": 5}]}}",
		"{\"output\": {\"jobs\": [{\"error\": 0, \"read\": {}}]}}",
	};
	static const struct io_bin one[] = {{1000, 3}};
	struct shown *s = *state;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		result_add_document(&shown_boot(s, "kvm", i)->res, "storage",
				    JOB, texts[i]);
	shown_fio(s, "kvm", i++, JOB, "\"-1\": 1");
	shown_fio(s, "kvm", i++, JOB, "\"1000\": -1");
	shown_fio(s, "kvm", i++, JOB, "\"1000 ns\": 1");
	assert_bins(s, "kvm", NULL, 0);
	shown_fio(s, "kvm", i, JOB, "\"1000\": 3");
	assert_bins(s, "kvm", one, ARRAY_SIZE(one));
}

static void add_backend(struct shown *s, const char *runner, uint32_t block,
			const char *text)
{
	result_add_document(&shown_boot(s, runner, block)->res, "network",
			    "tcp-1", text);
}

static void the_first_backend_is_told(void **state)
{
	struct shown *s = *state;
	char buf[8] = "unset";

	io_hist_backend(&shown_find(s)->model, "kvm", buf, sizeof(buf));
	assert_string_equal(buf, "");
	add_backend(s, "native", 0, "{\"network_backend\": \"veth\"}");
	add_backend(s, "kvm", 0, "damaged");
	add_backend(s, "kvm", 0, "{\"network_backend\": 5}");
	io_hist_backend(&shown_find(s)->model, "kvm", buf, sizeof(buf));
	assert_string_equal(buf, "");
	add_backend(s, "kvm", 1, "{\"network_backend\": \"vhost\"}");
	add_backend(s, "kvm", 2, "{\"network_backend\": \"tap\"}");
	io_hist_backend(&shown_find(s)->model, "kvm", buf, sizeof(buf));
	assert_string_equal(buf, "vhost");
	io_hist_backend(&s->findings.model, "native", buf, sizeof(buf));
	assert_string_equal(buf, "veth");
	io_hist_backend(&s->findings.model, "kvm", buf, 4);
	assert_string_equal(buf, "vho");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(boots_are_put_together_in_order),
		WITH_SHOWN(disturbed_jobs_are_left_out),
		WITH_SHOWN(damaged_documents_are_no_harm),
		WITH_SHOWN(the_first_backend_is_told),
	};

	return RUN_TESTS(tests);
}
