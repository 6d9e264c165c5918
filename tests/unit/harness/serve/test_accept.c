// SPDX-License-Identifier: GPL-3.0-or-later
/* accept: what clients really send, and what no client should. */
#include "tests/unit/test.h"

#include "harness/serve/accept.h"

enum { TEXT, OPENMETRICS, NEITHER };

static const char *const offers[] = {
	"text/plain; version=0.0.4; charset=utf-8",
	"application/openmetrics-text; version=1.0.0; charset=utf-8",
};

struct wish {
	const char *header;
	size_t want;
};

static void assert_wishes(const struct wish *wishes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		size_t got = accept_choose(wishes[i].header, offers, 2);

		if (got != wishes[i].want)
			fail_msg("%s: %zu", wishes[i].header, got);
	}
}

/* As they were sent: 2.42 of Debian 12 as recorded, the others by their
 * sources (scrape/scrape.go, config/config.go). */
static void prometheus_gets_openmetrics(void **state)
{
	static const struct wish wishes[] = {
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 OPENMETRICS},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 OPENMETRICS},
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		 OPENMETRICS},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		 OPENMETRICS},
		/* Before 2.31 it knew a draft alone, which this is not. */
		{"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 TEXT},
		{"text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT},
		/* Where scrape_protocols prefers text. */
		{"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.3",
		 TEXT},
	};

	(void)state;
	assert_wishes(wishes, ARRAY_SIZE(wishes));
}

static void browsers_and_curl_get_text(void **state)
{
	static const struct wish wishes[] = {
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
		 TEXT},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		 TEXT},
		{"*/*", TEXT},
	};

	(void)state;
	assert_wishes(wishes, ARRAY_SIZE(wishes));
}

static void the_most_specific_range_decides(void **state)
{
	static const struct wish wishes[] = {
		{"text/*;q=0.3, text/plain;q=0.7, application/*;q=0.5", TEXT},
		{"text/plain;q=0.7, text/plain;version=0.0.4;q=0.2, application/*;q=0.5",
		 OPENMETRICS},
		{"*/*, text/plain;q=0", OPENMETRICS},
		{"*/*, application/openmetrics-text;q=0", TEXT},
		{"application/*", OPENMETRICS},
		{"APPLICATION/OpenMetrics-Text ; Version=1.0.0", OPENMETRICS},
		{"application/openmetrics-text;version=\"1.0.0\"", OPENMETRICS},
		{"application/openmetrics-text", OPENMETRICS},
		{"text/plain;q=0.500, application/openmetrics-text;q=0.501",
		 OPENMETRICS},
		{"text/plain;q=1.000,application/openmetrics-text;q=0.999",
		 TEXT},
		/* Elements and parameters may be empty (5.6.1, 5.6.6). */
		{",, application/openmetrics-text;;q=0.9 ,text/plain; q=0.8,",
		 OPENMETRICS},
		{"application/json;note=\"a, text/plain;q=1\", application/openmetrics-text;q=0.1",
		 OPENMETRICS},
	};

	(void)state;
	assert_wishes(wishes, ARRAY_SIZE(wishes));
}

static void damaged_elements_are_left_out(void **state)
{
	static const struct wish wishes[] = {
		{"", NEITHER},
		{"image/png", NEITHER},
		{"text/plain;version=1.0.0", NEITHER},
		{"text/plain;charset=latin-1", NEITHER},
		{"*/plain", NEITHER},
		{"text", NEITHER},
		{"text/", NEITHER},
		{"/plain", NEITHER},
		{"text/plain;q", NEITHER},
		{"text/plain;q=", NEITHER},
		{"text/plain;q=2", NEITHER},
		{"text/plain;q=1.001", NEITHER},
		{"text/plain;q=0.1234", NEITHER},
		{"text/plain;q=-1", NEITHER},
		{"text/plain;q=0x1", NEITHER},
		{"text/plain;q=.5", NEITHER},
		{"text/plain;version=\"0.0.4", NEITHER},
		{"text/plain;version=\"0.0.4\\", NEITHER},
		{"text/plain text/plain", NEITHER},
		{"text/plain;a=1;b=2;c=3;d=4;e=5;f=6;g=7;h=8;i=9", NEITHER},
		{"text/plain;q=0.0", NEITHER},
		{"text/plain;q=nan, application/openmetrics-text;q=0.1",
		 OPENMETRICS},
		{"\"text/plain, \\\" */*\", application/openmetrics-text;q=0.1",
		 OPENMETRICS},
	};

	(void)state;
	assert_wishes(wishes, ARRAY_SIZE(wishes));
}

/* RFC 9110, 12.5.3, and what clients really send. */
static void gzip_is_chosen_by_quality(void **state)
{
	static const struct {
		const char *header;
		enum accept_coding want;
	} cases[] = {
		{NULL, ACCEPT_PLAIN},
		{"", ACCEPT_PLAIN},
		{"gzip", ACCEPT_GZIP},
		{"x-gzip", ACCEPT_GZIP},
		{"GZIP;Q=1.0", ACCEPT_GZIP},
		{"gzip, deflate, br, zstd", ACCEPT_GZIP},
		{"deflate, gzip;q=0.1", ACCEPT_GZIP},
		{"gzip;q=0", ACCEPT_PLAIN},
		{"gzip;q=0.000, *", ACCEPT_PLAIN},
		{"*", ACCEPT_GZIP},
		{"*;q=0", ACCEPT_PLAIN},
		{"br", ACCEPT_PLAIN},
		{"identity", ACCEPT_PLAIN},
		{"identity;q=0.5, gzip;q=0.4", ACCEPT_PLAIN},
		{"identity;q=0.5, gzip;q=0.5", ACCEPT_GZIP},
		{"identity;q=0, gzip", ACCEPT_GZIP_ONLY},
		{"identity;q=0, *;q=0.1", ACCEPT_GZIP_ONLY},
		{"gzip, *;q=0", ACCEPT_GZIP_ONLY},
		{"identity;q=0.1, gzip, *;q=0", ACCEPT_GZIP},
		{"identity;q=0", ACCEPT_PLAIN},
		{"gzip;q=2, gzip;q=0.1", ACCEPT_GZIP},
		{"gzip;q=", ACCEPT_PLAIN},
		{"gzipped", ACCEPT_PLAIN},
		{"br;q=\"a, gzip\"", ACCEPT_PLAIN},
		{",, ,gzip ; q=0.3 ,", ACCEPT_GZIP},
		{"/, gzip", ACCEPT_GZIP},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (accept_coding(cases[i].header) != cases[i].want)
			fail_msg("%s", cases[i].header ? cases[i].header : "-");
}

/* Telegraf's inputs.prometheus by its source, and clients that want one thing. */
static void other_scrapers_are_served(void **state)
{
	static const struct wish wishes[] = {
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
		 TEXT},
		{"text/plain; version=0.0.4; charset=utf-8", TEXT},
		{"application/openmetrics-text; version=1.0.0; charset=utf-8",
		 OPENMETRICS},
	};

	(void)state;
	assert_wishes(wishes, ARRAY_SIZE(wishes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prometheus_gets_openmetrics),
		cmocka_unit_test(browsers_and_curl_get_text),
		cmocka_unit_test(the_most_specific_range_decides),
		cmocka_unit_test(damaged_elements_are_left_out),
		cmocka_unit_test(gzip_is_chosen_by_quality),
		cmocka_unit_test(other_scrapers_are_served),
	};

	return RUN_TESTS(tests);
}
