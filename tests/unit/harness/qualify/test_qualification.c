// SPDX-License-Identifier: GPL-3.0-or-later
/* qualification: its sentence, and the file that is sent. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/qualify/qualification.h"
#include "harness/qualify/qualification_file.h"
#include "reports/html/html_qualification.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

/* Steps in one text, parted by blanks: NAME, a letter for its status, FINDING. */
static void make(struct qualification *q, const char *steps)
{
	static const char letters[] = "?>+!~="; /* by enum step_status */
	char *copy = xstrdup(steps), *rest = copy, *word;

	qualification_init(q);
	while ((word = strsep(&rest, " "))) {
		char *mark = word + strcspn(word, letters);
		char status = *mark;
		struct step *s;

		*mark = '\0';
		s = qualification_add_step(q, word, "a title");
		step_end(s,
			 (enum step_status)(strchr(letters, status) - letters),
			 mark + 1);
		s->elapsed_ns = 1;
	}
	free(copy);
	q->ended_unix_ns = 1;
}

static void the_sentence(void **state)
{
	static const struct {
		const char *steps;
		bool is_emulated, can_run, is_clean;
		const char *words[2];
	} cases[] = {
		{"device+ boot-mshv+ plan+",
		 false,
		 true,
		 true,
		 {"can run guests under /dev/mshv, because",
		  "no step has a finding"}},
		{"device+ boot-mshv+ libvirt=",
		 false,
		 true,
		 true,
		 {"can run", "no step has a finding"}},
		{"device+ boot-mshv+ micro!slow plan!odd replay!x",
		 false,
		 true,
		 false,
		 {"but micro: slow; plan: odd; and 1 more", "can"}},
		{"device+ boot-mshv+ plan~late",
		 false,
		 true,
		 false,
		 {"1 step ran out of time", "can run"}},
		{"device!/dev/mshv-is-absent boot-mshv=no",
		 false,
		 false,
		 false,
		 {"cannot run guests under /dev/mshv, because",
		  "/dev/mshv-is-absent"}},
		{"device+ boot-mshv!triple_fault",
		 false,
		 false,
		 false,
		 {"cannot run", "because triple_fault"}},
		/* Of one that hangs, the measured boot knows where. */
		{"device+ boot-mshv~late run-mshv!RIP-stands",
		 false,
		 false,
		 false,
		 {"cannot run", "because RIP-stands"}},
		{"device+ boot-mshv=there-is-no-guest-image plan+",
		 false,
		 false,
		 false,
		 {"not known", "because there-is-no-guest-image"}},
		{"device+ boot-mshv? plan?",
		 false,
		 false,
		 false,
		 {"It is not known whether", "(1 of 3 steps were taken)"}},
		{"device+ boot-mshv>",
		 false,
		 false,
		 false,
		 {"not known", "(1 of 2 steps were taken; it ended in 'boot"}},
		{"device+ boot-mshv+ plan>",
		 false,
		 true,
		 false,
		 {"can run", "it ended in 'plan')"}},
		{"device+ boot-mshv+ plan?",
		 false,
		 true,
		 false,
		 {"can run", "(2 of 3 steps were taken)"}},
		{"device+ boot-mshv+",
		 true,
		 true,
		 true,
		 {"own /dev/mshv: it can run guests under the emulated one",
		  "because Linux boots"}},
	};
	struct qualification q;
	char text[800];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		make(&q, cases[i].steps);
		q.is_emulated = cases[i].is_emulated;
		qualification_sentence(&q, text, sizeof(text));
		assert_contains(text, cases[i].words[0]);
		assert_contains(text, cases[i].words[1]);
		assert_int_equal(count_of(text, "EMULATED"),
				 cases[i].is_emulated);
		assert_int_equal(qualification_can_run(&q), cases[i].can_run);
		assert_int_equal(qualification_is_clean(&q), cases[i].is_clean);
		qualification_release(&q);
	}
}

static void a_finding_is_one_plain_line(void **state)
{
	struct qualification q;
	struct step *s;

	(void)state;
	qualification_init(&q);
	s = qualification_add_step(&q, "x", "y");
	step_end(s, STEP_FINDING, "red \033[31m\nsecond line");
	assert_string_equal(s->finding, "red ?[31m");
	assert_null(qualification_step(&q, "z"));
	assert_ptr_equal(qualification_step(&q, "x"), s);
	qualification_release(&q);
}

static char folder[SCRATCH_SIZE], path[SCRATCH_SIZE + 16];

static int setup(void **state)
{
	(void)state;
	scratch_folder(folder, "qualify");
	snprintf(path, sizeof(path), "%s/q.json.gz", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

static void fill(struct qualification *q)
{
	static const char binary[] = "\x1f\x8b\0\xff\xfe";

	make(q, "device+ boot-mshv!hung plan?");
	free(q->host);
	q->host = xstrdup("Linux 7.3 on \"x\" <b>");
	q->budget_ns = 600000000000;
	q->started_unix_ns = 1790000000000000000;
	q->ended_unix_ns = 0;
	q->steps[1].elapsed_ns = 33000000000;
	q->steps[1].exit_status = 12;
	free(q->steps[1].output);
	q->steps[1].output = xstrdup("line <script>\nlast\n");
	qualification_add_exhibit(q, "boot.trace", "H run\n", 6);
	qualification_add_exhibit(q, "run-1.json.gz", binary,
				  sizeof(binary) - 1);
	qualification_add_exhibit(q, "empty", "", 0);
}

static void what_is_written_is_read(void **state)
{
	struct qualification q, r;
	struct err err = {0};
	size_t i;

	(void)state;
	fill(&q);
	assert_int_equal(qualification_write(&q, path, &err), 0);
	assert_true(qualification_is_file(path));
	if (qualification_read(path, &r, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(r.host, q.host);
	assert_true(r.started_unix_ns == q.started_unix_ns);
	assert_true(r.budget_ns == q.budget_ns);
	assert_int_equal(r.ended_unix_ns, 0);
	assert_int_equal(r.step_count, 3);
	assert_int_equal(qualification_done_count(&r), 2);
	assert_int_equal(r.steps[1].status, STEP_FINDING);
	assert_int_equal(r.steps[1].exit_status, 12);
	assert_string_equal(r.steps[1].finding, "hung");
	assert_string_equal(r.steps[1].output, q.steps[1].output);
	assert_int_equal(r.exhibit_count, q.exhibit_count);
	for (i = 0; i < q.exhibit_count; i++) {
		assert_string_equal(r.exhibits[i].name, q.exhibits[i].name);
		assert_int_equal(r.exhibits[i].len, q.exhibits[i].len);
		assert_memory_equal(r.exhibits[i].bytes, q.exhibits[i].bytes,
				    q.exhibits[i].len);
	}
	qualification_release(&r);
	qualification_release(&q);
}

/* The exhibit of a name is replaced, so that a file is there once. */
static void an_exhibit_is_there_once(void **state)
{
	struct qualification q;

	(void)state;
	qualification_init(&q);
	qualification_add_exhibit(&q, "log", "one", 3);
	qualification_add_exhibit(&q, "log", "three", 5);
	assert_int_equal(q.exhibit_count, 1);
	assert_string_equal(q.exhibits[0].bytes, "three");
	qualification_release(&q);
}

/* At each of its bytes: an error and never a half. */
static void a_file_that_was_cut_is_refused(void **state)
{
	struct qualification q, r;
	struct strbuf bytes = {0};
	struct err err = {0};
	size_t len;

	(void)state;
	fill(&q);
	assert_int_equal(qualification_write(&q, path, &err), 0);
	assert_int_equal(file_read(path, 1 << 20, &bytes), 0);
	for (len = 0; len < bytes.len; len += 7) {
		assert_int_equal(file_write(path, bytes.str, len, &err), 0);
		assert_int_equal(qualification_read(path, &r, &err), -EPROTO);
		qualification_release(&r);
	}
	strbuf_release(&bytes);
	qualification_release(&q);
	assert_int_equal(qualification_read("/nonexistent", &r, &err), -ENOENT);
	qualification_release(&r);
	assert_false(qualification_is_file("/nonexistent"));
	assert_false(qualification_is_file("/dev/null"));
}

#define HEAD                                                               \
	"{\"l1vh_qualification\":1,\"host\":\"h\",\"revision\":\"r\","     \
	"\"is_emulated\":false,\"started_unix_ns\":1,\"ended_unix_ns\":0," \
	"\"budget_ns\":1,"
#define STEP(status)                                                           \
	"{\"name\":\"n\",\"title\":\"t\",\"command\":\"c\",\"status\":" status \
	",\"limit_ns\":1,\"elapsed_ns\":0,\"exit_status\":0,"                  \
	"\"finding\":\"\",\"output\":\"\"}"

static void hostile_objects_are_refused(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{\"l1vh_qualification\":2}",
		"{\"l1vh_qualification\":\"1\"}",
		HEAD "\"steps\":{},\"exhibits\":[]}",
		HEAD "\"steps\":[7],\"exhibits\":[]}",
		HEAD "\"steps\":[" STEP("\"no such\"") "],\"exhibits\":[]}",
		HEAD
		"\"steps\":[],\"exhibits\":[{\"name\":\"a/b\",\"text\":\"\"}]}",
		HEAD
		"\"steps\":[],\"exhibits\":[{\"name\":\"..\",\"text\":\"\"}]}",
		HEAD
		"\"steps\":[],\"exhibits\":[{\"name\":\"\",\"text\":\"\"}]}",
		HEAD "\"steps\":[],\"exhibits\":[{\"name\":\"a\"}]}",
		HEAD
		"\"steps\":[],\"exhibits\":[{\"name\":\"a\",\"base64\":\"abc\"}]}",
		HEAD
		"\"steps\":[],\"exhibits\":[{\"name\":\"a\",\"base64\":\"****\"}]}",
	};
	struct qualification q;
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		json_t *o = json_loads(texts[i], 0, NULL);

		assert_non_null(o);
		assert_int_equal(qualification_from_json(o, &q, &err), -EPROTO);
		qualification_release(&q);
		json_decref(o);
	}
}

static void a_plain_object_is_read(void **state)
{
	json_t *o = json_loads(
		HEAD
		"\"steps\":[" STEP("\"ok\"") "],\"exhibits\":[{\"name\":\"a\","
					     "\"base64\":\"AAE=\"}]}",
		0, NULL);
	struct qualification q;
	struct err err = {0};

	(void)state;
	assert_int_equal(qualification_from_json(o, &q, &err), 0);
	assert_int_equal(q.steps[0].status, STEP_OK);
	assert_int_equal(q.exhibits[0].len, 2);
	assert_memory_equal(q.exhibits[0].bytes, "\0\1", 2);
	qualification_release(&q);
	json_decref(o);
}

static void a_page_that_nothing_breaks(void **state)
{
	struct qualification q;
	struct strbuf page = {0};

	(void)state;
	fill(&q);
	html_qualification_write(&q, &page);
	assert_contains(page.str, "Linux 7.3 on &quot;x&quot; &lt;b&gt;");
	assert_contains(page.str, "line &lt;script&gt;");
	assert_null(strstr(page.str, "<script"));
	assert_contains(page.str, "Cut off");
	assert_contains(page.str, "not reached");
	assert_null(strstr(page.str, "EMULATED"));
	strbuf_release(&page);
	q.is_emulated = true;
	html_qualification_write(&q, &page);
	assert_contains(page.str, "EMULATED");
	strbuf_release(&page);
	qualification_release(&q);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sentence),
		cmocka_unit_test(a_finding_is_one_plain_line),
		cmocka_unit_test(an_exhibit_is_there_once),
		cmocka_unit_test_setup_teardown(what_is_written_is_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_was_cut_is_refused,
						setup, teardown),
		cmocka_unit_test(hostile_objects_are_refused),
		cmocka_unit_test(a_plain_object_is_read),
		cmocka_unit_test(a_page_that_nothing_breaks),
	};

	return RUN_TESTS(tests);
}
