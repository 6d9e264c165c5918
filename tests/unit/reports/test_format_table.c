// SPDX-License-Identifier: GPL-3.0-or-later
/* formats: the table of all kinds of output, and which text a reader gets. */
#include "tests/unit/test.h"

#include <errno.h>

#include "reports/formats.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

/* What FORMAT writes of the run as it is now; valid until the next call. */
static const char *written(struct shown *s, const char *name,
			   const struct format_places *places)
{
	const struct format *format = format_find(name);
	char *text = NULL;
	size_t size;
	FILE *out;

	assert_non_null(format);
	shown_find(s);
	out = open_memstream(&text, &size);
	format_write(format, &s->findings, places, out);
	fclose(out);
	strbuf_release(&s->out);
	strbuf_add(&s->out, text, size);
	free(text);
	return strbuf_str(&s->out);
}

static void fill(struct shown *s)
{
	uint32_t i;

	for (i = 0; i < 4; i++) {
		shown_sample(s, "native", i, "cpu_integer", "", 10 + i);
		shown_sample(s, "kvm", i, "cpu_integer", "", 11 + i);
	}
}

/* The messages' list is written apart from the table. */
static void every_listed_name_is_a_format(void **state)
{
	char *list = strdup(FORMAT_NAMES), *rest = list, *name;
	const struct format *format;
	size_t count = 0;

	(void)state;
	while ((name = strsep(&rest, ","))) {
		name += strspn(name, " ");
		format = format_find(name);
		assert_non_null(format);
		assert_string_equal(format->name, name);
		/* Made whole, printed as it comes, or text in two kinds. */
		assert_int_equal((format->build != NULL) +
					 (format->print != NULL) +
					 format->is_text,
				 1);
		count++;
	}
	assert_int_equal(count, 13);
	free(list);
}

static void unknown_names_list_the_known(void **state)
{
	static const char *const names[] = {"", "xml", "HTML", "text ", "tex"};
	const struct format *format;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char quoted[16];

		err = (struct err){0};
		assert_null(format_find(names[i]));
		assert_int_equal(format_parse(names[i], &format, &err),
				 -EINVAL);
		assert_null(format);
		snprintf(quoted, sizeof(quoted), "'%s'", names[i]);
		assert_contains(err.msg, quoted);
		assert_contains(err.msg, FORMAT_NAMES);
	}
	assert_int_equal(format_parse("html", &format, &err), 0);
}

/* Each begins as only it does. */
static void each_format_writes_its_own(void **state)
{
	static const char *const begins[][2] = {
		{"text", "l1vh-bench run 7 of "},
		{"json", "{\n \"schema_version\": 2,\n"},
		{"html", "<!DOCTYPE html>\n"},
		{"csv", "run_uuid,revision,"},
		{"markdown", "## l1vh-bench: run 7, grade hardware\n"},
		{"junit", "<?xml version=\"1.0\""},
		{"openmetrics", "# TYPE l1vh_run info\n"},
		{"prometheus", "# TYPE l1vh_run_info gauge\n"},
		{"virtualclient", "{\"appHost\":\"unknown\","},
		{"kusto", "run_uuid,run_status,"},
		{"explain", "run 7 of abc, grade hardware\n"},
		{"power", "Blocks needed to decide "},
		{"samples", "The noise that samples and boots add to run 7"},
	};
	struct shown *s = *state;
	size_t i;

	fill(s);
	for (i = 0; i < ARRAY_SIZE(begins); i++)
		assert_memory_equal(written(s, begins[i][0], NULL),
				    begins[i][1], strlen(begins[i][1]));
}

/* No run is too empty for a format. */
static void each_format_takes_an_empty_run(void **state)
{
	char *list = strdup(FORMAT_NAMES), *rest = list, *name;

	while ((name = strsep(&rest, ",")))
		assert_int_not_equal(
			strlen(written(*state, name + strspn(name, " "), NULL)),
			0);
	free(list);
}

static const char claims[] =
	"name: mine\nclaims:\n"
	"  - {id: a, text: t, metric: cpu_integer, candidate: kvm,"
	" baseline: native, kind: superior, margin: 0,"
	" confidence: 0.9, reason: r}\n";

/* One screen, every row, or the claims that were named. */
static void text_is_of_three_kinds(void **state)
{
	const struct format_places all = {.wants_all = true};
	struct shown *s = *state;
	const char *text;

	fill(s);
	text = written(s, "text", NULL);
	assert_contains(text, "nothing is judged");
	assert_null(strstr(text, "median of boots  "));
	text = written(s, "text", &all);
	assert_contains(text, "\nmedian of boots ");
	assert_null(strstr(text, "Claims '"));
	shown_claim(s, claims);
	text = written(s, "text", NULL);
	assert_memory_equal(text, "Claims 'mine' ", 14);
	assert_null(strstr(text, "\nmedian of boots "));
	/* Both, with a blank line between. */
	text = written(s, "text", &all);
	assert_memory_equal(text, "run 7 of abc, ", 14);
	assert_contains(text, "\n\nClaims 'mine' ");
}

/* Where its revision is. */
static void an_import_names_its_signer(void **state)
{
	const struct format_places all = {.wants_all = true};
	struct shown *s = *state;

	fill(s);
	assert_null(strstr(written(s, "text", NULL), "signed"));
	assert_null(strstr(written(s, "text", &all), "signed"));
	snprintf(s->run.signer, sizeof(s->run.signer), "12ab");
	assert_contains(written(s, "text", NULL),
			"imported from a file signed by key 12ab: ");
	assert_contains(written(s, "text", &all),
			"\nimported from a file signed by key 12ab: ");
}

/* A value ends below the end of its runner's name, however long that is. */
static void long_names_have_wide_columns(void **state)
{
	static const char name[] = "cloud-hypervisor-mshv-emu";
	const struct format_places all = {.wants_all = true};
	struct shown *s = *state;
	const char *text, *head, *row;
	size_t end;

	shown_sample(s, "native", 0, "cpu_integer", "", 10);
	shown_sample(s, name, 0, "cpu_integer", "", 11);
	text = written(s, "text", &all);
	head = strstr(text, "\nmedian of boots ");
	assert_non_null(head);
	row = strstr(head, "\ncpu_integer ");
	assert_non_null(row);
	end = (size_t)(strstr(head, name) - head) + strlen(name);
	assert_memory_equal(row + end - 7, "11.0 ns ", 8);
	end = (size_t)(strstr(head, "boots grade") - head);
	assert_memory_equal(row + end, " 1/1  hardware", 14);
}

static void the_screen_names_the_places(void **state)
{
	static const struct format_places places = {
		.command = "do all", .store = "s.db", .page = "p.html"};
	struct shown *s = *state;
	const char *text;

	fill(s);
	text = written(s, "text", &places);
	assert_contains(text, "do all\n");
	assert_contains(text, "p.html\n");
	assert_contains(text, "s.db\n");
	text = written(s, "text", NULL);
	assert_null(strstr(text, "(null)"));
	assert_null(strstr(text, "Store: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_listed_name_is_a_format),
		cmocka_unit_test(unknown_names_list_the_known),
		WITH_SHOWN(each_format_writes_its_own),
		WITH_SHOWN(each_format_takes_an_empty_run),
		WITH_SHOWN(text_is_of_three_kinds),
		WITH_SHOWN(an_import_names_its_signer),
		WITH_SHOWN(long_names_have_wide_columns),
		WITH_SHOWN(the_screen_names_the_places),
	};

	return RUN_TESTS(tests);
}
