// SPDX-License-Identifier: GPL-3.0-or-later
/* io_doc: figures from what programs print, quantiles of them, and amounts
 * that no program can have moved. */
#include "tests/unit/test.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/core/io_doc.h"
#include "tests/unit/fixture/expect.h"

static int read_doc(const char *workload, const char *text, struct io_doc *doc,
		    struct err *err)
{
	json_t *o = json_loads(text, 0, NULL);
	int ret;

	if (!o)
		fail_msg("no JSON: %s", text);
	memset(err, 0, sizeof(*err));
	ret = io_doc_read(workload, o, doc, err);
	json_decref(o);
	return ret;
}

static void must_read(const char *workload, const char *text,
		      struct io_doc *doc)
{
	struct err err;

	if (read_doc(workload, text, doc, &err))
		fail_msg("%s: %s", text, err.msg);
}

#define PART(ios, bytes, bins)                                         \
	"{\"total_ios\":" #ios ",\"io_bytes\":" #bytes ",\"iops\":10," \
	"\"bw_bytes\":20,\"lat_ns\":{\"bins\":{" bins "}}}"
#define JOB(read, write, more) \
	"{\"jobs\":[{\"error\":0,\"read\":" read ",\"write\":" write more "}]}"

/* With a sync behind each write, that is what the job waits for. */
static void a_sync_is_what_is_waited_for(void **state)
{
	struct io_doc doc;

	(void)state;
	must_read("storage",
		  JOB(PART(0, 0, ""), PART(2, 8192, "\"5\":2"),
		      ",\"sync\":{\"lat_ns\":{\"bins\":{\"900\":1,"
		      "\"700\":1}}}"),
		  &doc);
	assert_int_equal(doc.bin_count, 2);
	assert_true(doc.bins[0].ns == 700 && doc.bins[1].ns == 900);
	io_doc_release(&doc);
	/* An empty one is none. */
	must_read("storage",
		  JOB(PART(0, 0, ""), PART(2, 8192, "\"5\":2"),
		      ",\"sync\":{\"lat_ns\":{\"bins\":{}}}"),
		  &doc);
	assert_int_equal(doc.bin_count, 1);
	assert_true(doc.bins[0].ns == 5 && doc.bins[0].count == 2);
	io_doc_release(&doc);
}

static void what_was_verified_was_written(void **state)
{
	struct io_doc doc;
	struct err err;

	(void)state;
	must_read("storage_verify",
		  JOB(PART(2, 8192, ""), PART(2, 8192, ""), ""), &doc);
	assert_true(doc.verified_bytes == 8192 && doc.byte_count == 16384);
	io_doc_release(&doc);
	assert_int_equal(read_doc("storage_verify",
				  JOB(PART(2, 8192, ""), "{}", ""), &doc, &err),
			 -EPROTO);
	assert_int_equal(
		read_doc("storage_verify", "{\"jobs\":{}}", &doc, &err),
		-EPROTO);
}

/* 40 requests of 100 bytes each way in 2 ms; 10 more had no answer. */
static void requests_and_answers_are_counted(void **state)
{
	struct io_doc doc;

	(void)state;
	must_read("network_rr",
		  "{\"rr\":{\"count\":40,\"elapsed_ns\":2000000,"
		  "\"request_bytes\":100,\"lost_count\":10,"
		  "\"lat_ns\":{\"bins\":{\"50\":40}}}}",
		  &doc);
	assert_close(doc.op_count, 40, 0);
	assert_close(doc.ops_per_s, 20000, 1e-6);
	assert_close(doc.byte_count, 8000, 0);
	assert_close(doc.bytes_per_s, 4e6, 1e-3);
	assert_close(doc.loss_ratio, 0.2, 1e-12);
	io_doc_release(&doc);
	/* Nothing was sent: no share of it was lost. */
	must_read("network_rr",
		  "{\"rr\":{\"count\":0,\"elapsed_ns\":1,\"request_bytes\":1,"
		  "\"lost_count\":0}}",
		  &doc);
	assert_true(isnan(doc.loss_ratio));
	assert_true(doc.ops_per_s == 0);
	assert_int_equal(doc.bin_count, 0);
	io_doc_release(&doc);
}

static void tcp_loses_nothing(void **state)
{
	struct io_doc doc;

	(void)state;
	must_read("network",
		  "{\"end\":{\"sum_received\":{\"bytes\":10,"
		  "\"bits_per_second\":80}}}",
		  &doc);
	assert_true(isnan(doc.loss_ratio));
	assert_true(doc.bytes_per_s == 10);
	io_doc_release(&doc);
	must_read("network",
		  "{\"end\":{\"sum_received\":{\"bytes\":0,"
		  "\"bits_per_second\":0,\"packets\":0,\"lost_packets\":0}}}",
		  &doc);
	assert_true(isnan(doc.loss_ratio));
	io_doc_release(&doc);
}

/* A guest that lies must not become a rate below zero, or no number. */
static void impossible_amounts_are_refused(void **state)
{
	static const char *const texts[][2] = {
		{"storage", JOB(PART(-1, 0, ""), PART(0, 0, ""), "")},
		{"storage", JOB(PART(0, 0, ""), PART(1, -4096, ""), "")},
		{"storage", JOB(PART(1, "x", ""), PART(0, 0, ""), "")},
		{"storage", JOB(PART(1, 1, "\"-5\":1"), PART(0, 0, ""), "")},
		{"storage", JOB(PART(1, 1, "\"1e999\":1"), PART(0, 0, ""), "")},
		{"storage", JOB(PART(1, 1, "\"nan\":1"), PART(0, 0, ""), "")},
		{"storage", JOB(PART(1, 1, "\"\":1"), PART(0, 0, ""), "")},
		{"storage", JOB(PART(1, 1, "\"5\":1.5"), PART(0, 0, ""), "")},
		{"storage", "{\"jobs\":[{\"error\":\"0\"}]}"},
		{"storage", "{\"jobs\":[7]}"},
		{"network", "{\"end\":{\"sum_received\":{\"bytes\":-1,"
			    "\"bits_per_second\":8}}}"},
		{"network", "{\"end\":{\"sum_received\":{\"bytes\":1,"
			    "\"bits_per_second\":-8}}}"},
		{"network", "{\"end\":[]}"},
		{"network", "{\"error\":7}"},
		{"network_rr", "{\"rr\":{\"count\":-1,\"elapsed_ns\":1,"
			       "\"request_bytes\":1,\"lost_count\":0}}"},
		{"network_rr", "{\"rr\":{\"count\":1,\"elapsed_ns\":0,"
			       "\"request_bytes\":1,\"lost_count\":0}}"},
		{"network_rr", "{\"rr\":{\"count\":1,\"elapsed_ns\":1,"
			       "\"request_bytes\":-1,\"lost_count\":0}}"},
		{"network_rr", "{\"rr\":{\"count\":1,\"elapsed_ns\":1,"
			       "\"request_bytes\":1,\"lost_count\":-2}}"},
		{"network_rr", "{\"rr\":{\"count\":1,\"elapsed_ns\":1,"
			       "\"request_bytes\":1,\"lost_count\":0,"
			       "\"lat_ns\":{\"bins\":{\"5\":\"1\"}}}}"},
		{"network_rr", "[]"},
	};
	struct io_doc doc;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!read_doc(texts[i][0], texts[i][1], &doc, &err))
			fail_msg("taken: %s", texts[i][1]);
		assert_int_equal(err.code, -EPROTO);
		assert_null(doc.bins);
		assert_int_equal(doc.bin_count, 0);
	}
}

#define FIO_BY(clock, more)                                                  \
	"{" clock "\"jobs\":[{\"error\":0,\"write\":" PART(                  \
		0, 0,                                                        \
		"") ",\"read\":"                                             \
		    "{\"total_ios\":1000,\"io_bytes\":4096000,\"iops\":500," \
		    "\"bw_bytes\":2048000,\"runtime\":2000" more "}}]}"
#define FIO(more) FIO_BY("", more)
#define CLOCK(name) "\"global options\":{\"clocksource\":" name "},"
#define LAT(more) ",\"lat_ns\":{" more "}"
#define IPERF(more)                                                 \
	"{\"end\":{\"sum_received\":{\"bytes\":1000,\"seconds\":1," \
	"\"bits_per_second\":8000" more "}}}"

/* What fio 3.33 and iperf 3.12 print. */
static void possible_numbers_are_taken(void **state)
{
	static const char *const texts[][2] = {
		{"storage", FIO("")},
		{"storage", FIO_BY(CLOCK("\"clock_gettime\""), "")},
		{"storage", FIO(",\"short_ios\":0,\"drop_ios\":0")},
		{"storage", FIO(LAT("\"min\":5,\"max\":9,\"mean\":7.5,"
				    "\"stddev\":1.2,\"percentile\":{"
				    "\"1.000000\":5,\"50.000000\":5,"
				    "\"99.990000\":9},"
				    "\"bins\":{\"5\":400,\"9\":600}"))},
		{"storage", FIO(LAT("\"min\":0,\"max\":0,\"mean\":0"))},
		{"network", IPERF("")},
		{"network", IPERF(",\"packets\":10,\"lost_packets\":10,"
				  "\"lost_percent\":100,\"jitter_ms\":0")},
	};
	struct io_doc doc;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		must_read(texts[i][0], texts[i][1], &doc);
		io_doc_release(&doc);
	}
}

static void impossible_numbers_have_a_reason(void **state)
{
	static const struct {
		const char *workload, *text, *says;
	} rows[] = {
		{"storage", FIO_BY(CLOCK("\"cpu\""), ""),
		 "fio was to time with clock_gettime and had cpu"},
		{"storage", FIO_BY(CLOCK("7"), ""), "and had ?"},
		{"storage", FIO(",\"short_ios\":-1"),
		 "short_ios -1, which is below"},
		{"storage", FIO(",\"runtime\":-5"), "runtime -5"},
		{"storage", FIO(",\"runtime\":\"2\""), "no number as runtime"},
		{"storage", FIO(",\"runtime\":1000"),
		 "2.048e+06 bytes per second for 1 s, but 4.096e+06"},
		{"storage", FIO(",\"iops\":900"), "900 requests per second"},
		{"storage", FIO(",\"bw_bytes\":1"), "1 bytes per second"},
		{"storage", FIO(LAT("\"min\":9,\"max\":5")), "from 9 to 5 ns"},
		{"storage", FIO(LAT("\"min\":9,\"max\":5,\"mean\":7")),
		 "from 9 to 5 ns"},
		{"storage", FIO(LAT("\"min\":5,\"max\":9,\"mean\":70")),
		 "mean 70"},
		{"storage", FIO(LAT("\"min\":-5")), "lat_ns.min -5"},
		{"storage", FIO(LAT("\"percentile\":{\"50\":9,\"99\":5}")),
		 "percentile 99 below percentile 50"},
		{"storage", FIO(LAT("\"percentile\":{\"101\":9}")),
		 "a percentile that is none: 101"},
		{"storage", FIO(LAT("\"percentile\":{\"50\":-9}")),
		 "a percentile that is none: 50"},
		{"storage", FIO(LAT("\"bins\":{\"5\":2000}")),
		 "a histogram of 2000 requests, but 1000"},
		{"network", IPERF(",\"packets\":1000,\"lost_packets\":1796"),
		 "1796 lost packets of 1000"},
		{"network", IPERF(",\"packets\":10,\"lost_packets\":-1"),
		 "lost_packets -1"},
		{"network", IPERF(",\"packets\":-10"), "packets -10"},
		{"network", IPERF(",\"lost_percent\":179.6"),
		 "lost_percent 179.6, which is not between 0 and 100"},
		{"network", IPERF(",\"lost_percent\":-1"), "lost_percent -1"},
		{"network", IPERF(",\"lost_percent\":\"-nan\""),
		 "no number as lost_percent"},
		{"network", IPERF(",\"jitter_ms\":-0.1"), "jitter_ms -0.1"},
		{"network", IPERF(",\"retransmits\":-3"), "retransmits -3"},
		{"network", IPERF(",\"seconds\":10"), "for 10 s, but 1000"},
		{"network",
		 "{\"end\":{\"sum_received\":{\"bytes\":1,"
		 "\"bits_per_second\":8},\"sum_sent\":{\"retransmits\":-1}}}",
		 "retransmits -1"},
		{"network_rr",
		 "{\"rr\":{\"count\":1,\"elapsed_ns\":5,\"request_bytes\":1,"
		 "\"lost_count\":0,\"lat_ns\":{\"bins\":{\"5\":3}}}}",
		 "counted 1 answers, but timed 3"},
	};
	struct io_doc doc;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (read_doc(rows[i].workload, rows[i].text, &doc, &err) !=
		    -EPROTO)
			fail_msg("taken: %s", rows[i].text);
		assert_contains(err.msg, rows[i].says);
		assert_null(doc.bins);
	}
}

/* COUNT bins, or as many samples of the micro guest. */
static int read_many(const char *workload, unsigned int count)
{
	bool is_micro = !strcmp(workload, "micro_exit");
	struct strbuf text = {0};
	struct io_doc doc;
	struct err err;
	unsigned int i;
	int ret;

	strbuf_puts(&text,
		    is_micro ? "{\"micro\":{\"repeat\":1,\"tsc_khz\":1,"
			       "\"cycles\":["
			     : "{\"rr\":{\"count\":100001,\"elapsed_ns\":1,"
			       "\"request_bytes\":1,\"lost_count\":0,"
			       "\"lat_ns\":{\"bins\":{");
	for (i = 0; i < count; i++)
		strbuf_printf(&text, is_micro ? "%s%u" : "%s\"%u\":1",
			      i ? "," : "", i);
	strbuf_puts(&text, is_micro ? "]}}" : "}}}}");
	ret = read_doc(workload, text.str, &doc, &err);
	if (!ret)
		assert_int_equal(doc.bin_count, count);
	io_doc_release(&doc);
	strbuf_release(&text);
	return ret;
}

static void no_document_has_endless_bins(void **state)
{
	(void)state;
	assert_int_equal(read_many("network_rr", 100000), 0);
	assert_int_equal(read_many("network_rr", 100001), -EPROTO);
	assert_int_equal(read_many("micro_exit", 100000), 0);
	assert_int_equal(read_many("micro_exit", 100001), -EPROTO);
}

/* Each bin as often as it counts, in order: the value at that place. */
static double quantile_of_all(const struct io_doc *doc, double q)
{
	double all[512];
	size_t i, k, n = 0;

	for (i = 0; i < doc->bin_count; i++)
		for (k = 0; k < doc->bins[i].count; k++)
			all[n++] = doc->bins[i].ns;
	for (i = 0; i < n; i++)
		if ((double)(i + 1) >= q * (double)n)
			return all[i];
	return NAN;
}

static void quantiles_are_those_of_all_requests(void **state)
{
	static const struct io_bin bins[] = {{1, 0},  {2, 3},  {5, 1},
					     {9, 90}, {20, 0}, {70, 6}};
	struct io_doc doc = {.bins = (struct io_bin *)bins,
			     .bin_count = ARRAY_SIZE(bins)};
	int i;

	(void)state;
	for (i = 1; i <= 1000; i++)
		assert_close(io_doc_quantile(&doc, i / 1000.0),
			     quantile_of_all(&doc, i / 1000.0), 0);
	/* The smallest that was there at all, and the largest. */
	assert_true(io_doc_quantile(&doc, 0) == 2);
	assert_true(io_doc_quantile(&doc, 1) == 70);
	/* Of bins in which nothing is. */
	doc.bin_count = 1;
	assert_true(isnan(io_doc_quantile(&doc, 0)));
	assert_true(isnan(io_doc_quantile(&doc, 0.5)));
}

static void histograms_are_added(void **state)
{
	struct io_bin one[] = {{1, 5}, {9, 5}}, two[] = {{0.5, 1}, {4, 9}};
	struct io_doc a = {.bins = one, .bin_count = 2};
	struct io_doc b = {.bins = two, .bin_count = 2};
	struct io_doc sum = {.bin_count = 0}, none = {.bin_count = 0};

	(void)state;
	io_doc_add_bins(&sum, &none);
	assert_int_equal(sum.bin_count, 0);
	io_doc_add_bins(&sum, &a);
	io_doc_add_bins(&sum, &none);
	io_doc_add_bins(&sum, &b);
	assert_int_equal(sum.bin_count, 4);
	assert_true(sum.bins[0].ns == 0.5 && sum.bins[1].ns == 1);
	assert_true(sum.bins[2].ns == 4 && sum.bins[3].ns == 9);
	/* 20 requests: 1, 5, 9 and 5 of them. */
	assert_true(io_doc_quantile(&sum, 0.05) == 0.5);
	assert_true(io_doc_quantile(&sum, 0.3) == 1);
	assert_true(io_doc_quantile(&sum, 0.75) == 4);
	assert_true(io_doc_quantile(&sum, 0.76) == 9);
	io_doc_release(&sum);
	io_doc_release(&sum);
	assert_null(sum.bins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sync_is_what_is_waited_for),
		cmocka_unit_test(what_was_verified_was_written),
		cmocka_unit_test(requests_and_answers_are_counted),
		cmocka_unit_test(tcp_loses_nothing),
		cmocka_unit_test(impossible_amounts_are_refused),
		cmocka_unit_test(possible_numbers_are_taken),
		cmocka_unit_test(impossible_numbers_have_a_reason),
		cmocka_unit_test(no_document_has_endless_bins),
		cmocka_unit_test(quantiles_are_those_of_all_requests),
		cmocka_unit_test(histograms_are_added),
	};

	return RUN_TESTS(tests);
}
