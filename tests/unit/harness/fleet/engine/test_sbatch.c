// SPDX-License-Identifier: GPL-3.0-or-later
/* sbatch: what the script says, as bash itself reads it; what is refused. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/engine/sbatch.h"
#include "tests/unit/fixture/expect.h"

#define MINUTE_NS (60 * NS_PER_S)

static struct sbatch a_fleet(void)
{
	return (struct sbatch){.fleet = "night",
			       .nodes = "n[1-3]",
			       .run_count = 5,
			       .results = "results/night",
			       .version = "1.0"};
}

/* The caller frees. */
static char *script_of(const struct sbatch *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct err err;

	assert_non_null(out);
	if (sbatch_check(s, &err))
		fail_msg("%s", err.msg);
	sbatch_write(s, out);
	fclose(out);
	return text;
}

/* What bash answers that reads TEXT from a file, with its exit status behind. */
static char *bash(const char *options, const char *text)
{
	char path[] = "/tmp/l1vh-sbatch-XXXXXX";
	int fd = mkstemp(path);
	char *command = xasprintf("bash %s %s 2>&1", options, path);
	struct strbuf said = {0};
	char buf[512];
	size_t got;
	FILE *in;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	in = popen(command, "r");
	assert_non_null(in);
	while ((got = fread(buf, 1, sizeof(buf), in)) > 0)
		strbuf_add(&said, buf, got);
	strbuf_printf(&said, "status %d", WEXITSTATUS(pclose(in)));
	unlink(path);
	free(command);
	return said.str;
}

static void one_array_job_per_node_and_its_index_is_the_runs(void **state)
{
	struct sbatch s = a_fleet();
	char *text = script_of(&s);

	(void)state;
	assert_int_equal(strncmp(text, "#!/bin/bash\n", 12), 0);
	assert_contains(text, "\n#SBATCH --job-name=night\n");
	assert_contains(text, "\n#SBATCH --array=0-4%1\n");
	assert_contains(text,
			"\n#SBATCH --nodes=1 --ntasks=1 --exclusive --mem=0\n");
	assert_contains(text, "\n#SBATCH --signal=TERM@120\n");
	assert_contains(text, "\n#SBATCH --no-requeue\n");
	assert_contains(text, "--nodelist=\"$1\"");
	assert_contains(text, "\nnode_list='n[1-3]'\n");
	assert_contains(text, "\nprogram=(l1vh-bench fleet node)\n");
	/* Of what is not asked for, nothing. */
	assert_int_equal(count_of(text, "#SBATCH --time"), 0);
	assert_int_equal(count_of(text, "#SBATCH --partition"), 0);
	assert_int_equal(count_of(text, "#SBATCH --constraint"), 0);
	assert_int_equal(count_of(text, "#SBATCH"), 5);
	free(text);
}

static void what_is_asked_for_stands_in_the_script(void **state)
{
	static const char *const words[] = {"--runners", "native"};
	struct sbatch s = a_fleet();
	char *text;

	(void)state;
	s.nodes = NULL;
	s.node_count = 200;
	s.partition = "bench,spare";
	s.constraint = "mshv&gen2";
	s.arm = "l1vh";
	s.time_ns = 90 * MINUTE_NS + 1; /* to whole minutes, never less */
	s.push_url = "http://h:8080";
	s.token_file = "token";
	s.ca_file = "ca.pem";
	s.asks_imds = true;
	s.plan = "nightly";
	s.run_words = words;
	s.run_word_count = 2;
	text = script_of(&s);
	assert_contains(text, "\n#SBATCH --partition=bench,spare\n");
	assert_contains(text, "\n#SBATCH --constraint=\"mshv&gen2\"\n");
	assert_contains(text, "\n#SBATCH --time=91\n");
	assert_contains(text, "\narm=l1vh\nnode_count=200\nnode_list=\n");
	assert_contains(text,
			"\nprogram=(l1vh-bench fleet node --push http://h:8080"
			" --token-file token --ca-file ca.pem --imds)\n"
			"options=(-- --plan nightly --runners native)\n");
	free(text);
}

static void bash_reads_hostile_values_as_they_are(void **state)
{
	static const char *const words[] = {
		"--workloads", "a,b",      "",       "it's", "$(touch /x)",
		"`id`",        "\"; exit", "*",      "\\",   "a b",
		"~",           "#no",      "{1..9}", "!!",   "--",
	};
	struct sbatch s = a_fleet();
	struct strbuf want = {0};
	char *text, *said;
	size_t i;

	(void)state;
	s.results = "re's; $(id) & \"x\"";
	s.push_url = "http://h/?a='&b=$c";
	s.token_file = "/my folder/*";
	s.plan = "-p\"";
	s.run_words = words;
	s.run_word_count = ARRAY_SIZE(words);
	text = script_of(&s);
	/* Only the values. */
	*strstr(text, "# What follows") = '\0';
	strbuf_printf(&want, "<%s>\n", s.results);
	strbuf_printf(&want,
		      "<l1vh-bench>\n<fleet>\n<node>\n<--push>\n<%s>\n"
		      "<--token-file>\n<%s>\n<-->\n<--plan>\n<%s>\n",
		      s.push_url, s.token_file, s.plan);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		strbuf_printf(&want, "<%s>\n", words[i]);
	strbuf_puts(&want, "status 0");
	{
		char *whole = xasprintf(
			"%sprintf '<%%s>\\n' \"$results\" \"${program[@]}\" \"${options[@]}\"\n",
			text);

		said = bash("", whole);
		free(whole);
	}
	assert_string_equal(said, want.str);
	free(said);
	free(text);
	strbuf_release(&want);
}

static void bash_understands_all_of_it(void **state)
{
	struct sbatch s = a_fleet();
	char *text = script_of(&s), *said;

	(void)state;
	said = bash("-n", text);
	assert_string_equal(said, "status 0");
	free(said);
	free(text);
}

/* A second job of Slurm for an index is another attempt, and no second run. */
static void again_is_of_the_same_job(void **state)
{
	static const char options[] =
		"-c 'srun() { echo $L1VH_JOB $L1VH_INDEX; }; cd $(mktemp -d);"
		" mkdir -p r/n1; touch --date=@7 r/nodes; SLURMD_NODENAME=n1;"
		" SLURM_ARRAY_TASK_ID=0; SLURM_JOB_ID=1; SLURM_ARRAY_JOB_ID=5;"
		" (. \"$0\" measure); rm r/n1/0.job; SLURM_ARRAY_JOB_ID=9;"
		" (. \"$0\" measure); rm -r r; rmdir $PWD; false'";
	struct sbatch s = a_fleet();
	char *text, *said;

	(void)state;
	s.results = "r";
	text = script_of(&s);
	said = bash(options, text);
	assert_string_equal(said, "night-7 0\nnight-7 0\nstatus 1");
	free(said);
	free(text);
}

static void what_would_mean_something_else_is_refused(void **state)
{
	static const struct {
		struct sbatch change;
		const char *says;
	} rows[] = {
		{{.fleet = ""}, "no name of a fleet"},
		{{.fleet = "Night"}, "no name of a fleet"},
		{{.fleet = "a b"}, "no name of a fleet"},
		{{.fleet = "-a"}, "no name of a fleet"},
		{{.fleet = "a\n#SBATCH --uid=0"}, "no name of a fleet"},
		{{.arm = "a;b"}, "no name of an arm"},
		{{.arm = ""}, "no name of an arm"},
		{{.partition = "p --uid=0"}, "no partition"},
		{{.partition = "p\n"}, "no partition"},
		{{.partition = "--wrap=x"}, "no partition"},
		{{.constraint = "a\"b"}, "no constraint"},
		{{.constraint = "a\nb"}, "no constraint"},
		{{.constraint = "a b"}, "no constraint"},
		{{.constraint = "$(id)"}, "no constraint"},
		{{.constraint = "(a|b)\nid"}, "no constraint"},
		{{.constraint = "[a]\"; id"}, "no constraint"},
		{{.constraint = "a|b", .node_count = 3}, "name the nodes"},
		{{.nodes = "n1;id"}, "no list of nodes"},
		{{.nodes = "n1 n2"}, "no list of nodes"},
		{{.nodes = "n1,"}, "no list of nodes"},
		{{.nodes = ",n1"}, "no list of nodes"},
		{{.nodes = "-w"}, "no list of nodes"},
		{{.nodes = "n1,-w"}, "no list of nodes"},
		{{.nodes = "n[1-3"}, "no list of nodes"},
		{{.nodes = "n[1-]"}, "no list of nodes"},
		{{.nodes = "n[1,]"}, "no list of nodes"},
		{{.nodes = "n[a-c]"}, "no list of nodes"},
		{{.nodes = "n]1["}, "no list of nodes"},
		{{.nodes = "n[1[2]]"}, "no list of nodes"},
		{{.nodes = "n1\n"}, "no list of nodes"},
		{{.run_count = SBATCH_MAX_RUNS + 1}, "1001 runs"},
		{{.node_count = SBATCH_MAX_NODES + 1}, "more than 100000"},
		{{.time_ns = 5 * MINUTE_NS - 1}, "from 5m"},
		{{.time_ns = 366 * 24 * 60 * MINUTE_NS}, "to 365 days"},
		{{.results = ""}, "--results"},
		{{.results = "%N"}, "--results"},
		{{.results = "a\\b"}, "--results"},
		{{.results = "a\nb"}, "--results"},
		{{.token_file = "t"}, "need --push"},
		{{.ca_file = "t"}, "need --push"},
		{{.push_url = "http://a\x7f"}, "--push"},
		{{.push_url = "u", .token_file = "a\nb"}, "--token-file"},
		{{.push_url = "u", .ca_file = ""}, "--ca-file"},
		{{.plan = "a\rb"}, "--plan"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sbatch s = a_fleet();
		const struct sbatch *c = &rows[i].change;
		struct err err = {0};

#define TAKE(field)   \
	if (c->field) \
	s.field = c->field
		TAKE(fleet);
		TAKE(arm);
		TAKE(partition);
		TAKE(constraint);
		TAKE(nodes);
		TAKE(run_count);
		TAKE(node_count);
		TAKE(time_ns);
		TAKE(results);
		TAKE(token_file);
		TAKE(ca_file);
		TAKE(push_url);
		TAKE(plan);
#undef TAKE
		assert_int_equal(sbatch_check(&s, &err), -EINVAL);
		assert_contains(err.msg, rows[i].says);
	}
}

static void no_run_and_a_newline_in_its_options_are_refused(void **state)
{
	static const char *const words[] = {"--db", "a\nb"};
	struct sbatch s = a_fleet();
	struct err err;

	(void)state;
	s.run_count = 0;
	assert_int_equal(sbatch_check(&s, &err), -EINVAL);
	s = a_fleet();
	s.run_words = words;
	s.run_word_count = 2;
	assert_int_equal(sbatch_check(&s, &err), -EINVAL);
	assert_contains(err.msg, "an option of run");
}

static void lists_that_slurm_has_are_taken(void **state)
{
	static const char *const lists[] = {
		"n1",           "n[1-3]",          "n[1-3,7,009-011],gpu-1.a",
		"r[1-2]n[1-4]", "rack1-n[01-16]x", "10"};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		struct sbatch s = a_fleet();

		s.nodes = lists[i];
		if (sbatch_check(&s, &err))
			fail_msg("%s", err.msg);
	}
}

static void a_list_is_no_longer_than_an_argument_may_be(void **state)
{
	struct sbatch s = a_fleet();
	char *list = xcalloc(131002, 1);
	struct err err;

	(void)state;
	memset(list, 'n', 131000);
	s.nodes = list;
	assert_int_equal(sbatch_check(&s, &err), 0);
	list[131000] = 'n';
	assert_int_equal(sbatch_check(&s, &err), -E2BIG);
	free(list);
}

static void a_file_has_a_name_or_a_list_per_line(void **state)
{
	char *list;
	struct err err;

	(void)state;
	if (sbatch_nodes_read("# rack 1\nn1\r\n\n  n[2-4] # new\nn7", &list,
			      &err))
		fail_msg("%s", err.msg);
	assert_string_equal(list, "n1,n[2-4],n7");
	free(list);
	assert_int_equal(sbatch_nodes_read("n1\nn2 n3\n", &list, &err),
			 -EINVAL);
	assert_null(list);
	assert_contains(err.msg, "line 2: 'n2 n3' is no node");
	assert_int_equal(sbatch_nodes_read(" # none\n\n", &list, &err),
			 -ENODATA);
	assert_int_equal(sbatch_nodes_read("", &list, &err), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_array_job_per_node_and_its_index_is_the_runs),
		cmocka_unit_test(what_is_asked_for_stands_in_the_script),
		cmocka_unit_test(bash_reads_hostile_values_as_they_are),
		cmocka_unit_test(bash_understands_all_of_it),
		cmocka_unit_test(again_is_of_the_same_job),
		cmocka_unit_test(what_would_mean_something_else_is_refused),
		cmocka_unit_test(
			no_run_and_a_newline_in_its_options_are_refused),
		cmocka_unit_test(lists_that_slurm_has_are_taken),
		cmocka_unit_test(a_list_is_no_longer_than_an_argument_may_be),
		cmocka_unit_test(a_file_has_a_name_or_a_list_per_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
