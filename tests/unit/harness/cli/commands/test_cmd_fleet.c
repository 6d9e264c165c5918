// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet, fleet manifest: the verbs, what is refused, what is told of nodes. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"

#define MANIFEST(input, ...)                                               \
	call_with_input(&cmd_fleet, input, "manifest", "--fleet", "web",   \
			"--nodes", "-", "--push", "http://a", __VA_ARGS__, \
			NULL)
#define NODE(name, rest)                                                            \
	"{\"kind\": \"Node\", \"metadata\": {\"name\": \"" name "\"}, "             \
	"\"status\": {\"allocatable\": {\"devices.kubevirt.io/kvm\": \"1k\"}}" rest \
	"}"

#define NODE_D "{\"kind\": \"Node\", \"metadata\": {\"name\": \"d\"}}"

static void verbs_have_help_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_fleet, "--help"), STATUS_OK);
	assert_contains(called.out, "\n  manifest  the fleet as objects");
	assert_int_equal(CALL(cmd_fleet, "manifest", "--help"), STATUS_OK);
	assert_contains(called.out, "usage: l1vh-bench fleet manifest");
	assert_contains(called.out, "--retries N");
	assert_int_equal(CALL(cmd_fleet, "nothing"), STATUS_USAGE);
	assert_contains(called.err, "unknown verb 'nothing'");
	assert_int_equal(CALL(cmd_fleet), STATUS_USAGE);
	assert_int_equal(CALL(cmd_fleet, "manifest", "--nothing"),
			 STATUS_USAGE);
	assert_contains(called.err, "'l1vh-bench fleet manifest --help'");
}

static void names_become_jobs(void **state)
{
	(void)state;
	assert_int_equal(MANIFEST("node/b\nnode/a\n", "--runs", "2", "--",
				  "--runners", "native"),
			 STATUS_OK);
	assert_contains(
		called.out,
		"# fleet web: 2 runs on each of 2 nodes, by one Job per node\n---\n");
	assert_int_equal(count_of(called.out, "kind: Job\n"), 2);
	assert_contains(called.out, "- native\n");
	assert_contains(called.err, "2 runs on each of 2 nodes");
}

static void the_order_of_a_list_changes_nothing(void **state)
{
	char *first;

	(void)state;
	assert_int_equal(MANIFEST("b\na\n", "--imds"), STATUS_OK);
	first = xstrdup(called.out);
	assert_int_equal(MANIFEST("a\nb\n", "--imds"), STATUS_OK);
	assert_string_equal(called.out, first);
	free(first);
}

static void a_number_says_what_it_does_not_promise(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_fleet, "manifest", "--fleet", "web",
			      "--nodes", "50", "--selector", "a/b=c,d=e",
			      "--serve"),
			 STATUS_OK);
	assert_int_equal(count_of(called.out, "kind: Job\n"), 1);
	assert_contains(called.out, "completions: 50\n");
	assert_contains(called.out, "- \"65s\"\n");
	assert_contains(called.out, "a/b: c\n");
	assert_contains(called.out, "# fleet web: 50 runs on nodes that the "
				    "scheduler chooses");
	assert_contains(called.err, "frees its node for another");
}

static const char four_nodes[] =
	"{\"items\": [" NODE("a", ", \"spec\": {\"unschedulable\": true}") "," NODE(
		"b",
		"") "," NODE("c",
			     ", \"spec\": {\"taints\": [{\"key\": \"k\", \"effect\": \"NoSchedule\"}]}") "," NODE_D
													 "]}";

static void nodes_that_cannot_run_are_named(void **state)
{
	(void)state;
	assert_int_equal(MANIFEST(four_nodes, "--arm", "nested"), STATUS_OK);
	assert_int_equal(count_of(called.out, "kind: Job\n"), 2);
	assert_contains(called.err, "left out: cordoned nodes (1): a\n");
	assert_contains(called.err, "measures them natively (1): d\n");
	assert_contains(called.err, "that no --toleration fits (1): c\n");
	assert_int_equal(MANIFEST(NODE_D, "--imds"), STATUS_USAGE);
	assert_string_equal(called.out, "");
	assert_contains(called.err, "no node of the list is left");
}

static void wrong_input_is_refused(void **state)
{
	static const struct refused_call rows[] = {
		{{"manifest"}, "--fleet is missing"},
		{{"manifest", "--fleet", "a"}, "results would end"},
		{{"manifest", "--fleet", "a", "--serve"}, "--nodes is missing"},
		{{"manifest", "--fleet", "a", "--serve", "--nodes", "0"},
		 "--nodes: "},
		{{"manifest", "--fleet", "a", "--serve", "--nodes", "5001"},
		 "--nodes: "},
		{{"manifest", "--fleet", "a", "--serve", "--nodes", "/no/file"},
		 "cannot open '/no/file'"},
		{{"manifest", "--fleet", "A"}, "--fleet 'A' is not"},
		{{"manifest", "--cpu", "0"}, "--cpu: 0 is too little"},
		{{"manifest", "--memory", "8GB"}, "--memory: "},
		{{"manifest", "--image", "a b"}, "--image 'a b'"},
		{{"manifest", "--device", "vfio"}, "unknown device 'vfio'"},
		{{"manifest", "--arm", "a b"}, "--arm 'a b'"},
		{{"manifest", "--toleration", "a:Never"}, "--toleration 'a:N"},
		{{"manifest", "--toleration", "=b"}, "--toleration '=b'"},
		{{"manifest", "--annotation", "a"}, "'a' is not KEY=VALUE"},
		{{"manifest", "--selector", "a=b c"}, "'a=b c' is not"},
		{{"manifest", "--token-secret", "A"}, "--token-secret 'A'"},
		{{"manifest", "--deadline", "0s"}, "0s"},
		{{"manifest", "--fleet", "a", "--push", "http://b", "--plan",
		  "/no/plan"},
		 "cannot read '/no/plan'"},
		{{"manifest", "--fleet", "a", "--push", "x", "--monitor", "m"},
		 "--monitor needs --serve"},
		{{"manifest", "--fleet", "a", "--serve", "word"},
		 "'word' is not an option; those of run follow --"},
	};

	(void)state;
	expect_refused(&cmd_fleet, rows, ARRAY_SIZE(rows));
}

/* Before a thousand pods find it. */
static void options_of_run_are_checked_here(void **state)
{
	(void)state;
	assert_int_equal(MANIFEST("a\n", "--", "--blocks", "x"), STATUS_USAGE);
	assert_contains(called.err, "the pods' run: ");
	assert_string_equal(called.out, "");
	assert_int_equal(MANIFEST("a\n", "--", "--workloads", "nothing"),
			 STATUS_USAGE);
	assert_contains(called.err, "the pods' run: ");
}

/* A Secret without one would be found by the pods. */
static void a_token_is_needed(void **state)
{
	char path[] = "/tmp/l1vh-token-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "\ntoken", 6), 6);
	assert_int_equal(MANIFEST("a\n", "--token-file", path), STATUS_USAGE);
	assert_contains(called.err, "has no token");
	assert_string_equal(called.out, "");
	assert_int_equal(pwrite(fd, "token\n", 6, 0), 6);
	assert_int_equal(MANIFEST("a\n", "--token-file", path), STATUS_OK);
	assert_contains(called.out, "  token: token\n");
	close(fd);
	unlink(path);
}

/* Nodes behind a NUL would be missing from the script without a word. */
static void sbatch_reads_files_whole(void **state)
{
	static const char with_nul[] = "n1\nn2\0\nn3\n";
	char path[] = "/tmp/l1vh-nodes-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, with_nul, 5), 5);
	assert_int_equal(CALL(cmd_fleet, "sbatch", "--fleet", "f", "--nodes",
			      path, "--", "--runners", "native"),
			 STATUS_OK);
	assert_contains(called.out, "\nnode_list='n1,n2'\n");
	assert_int_equal(CALL(cmd_fleet, "sbatch", "--fleet", "f", "--nodes",
			      path, "--", "--blocks", "x"),
			 STATUS_USAGE);
	assert_contains(called.err, "the nodes' run: ");
	assert_int_equal(pwrite(fd, with_nul, sizeof(with_nul) - 1, 0),
			 sizeof(with_nul) - 1);
	close(fd);
	assert_int_equal(
		CALL(cmd_fleet, "sbatch", "--fleet", "f", "--nodes", path),
		STATUS_USAGE);
	assert_contains(called.err, "it has a NUL byte");
	assert_string_equal(called.out, "");
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_have_help_of_their_own),
		cmocka_unit_test(names_become_jobs),
		cmocka_unit_test(the_order_of_a_list_changes_nothing),
		cmocka_unit_test(a_number_says_what_it_does_not_promise),
		cmocka_unit_test(nodes_that_cannot_run_are_named),
		cmocka_unit_test(wrong_input_is_refused),
		cmocka_unit_test(options_of_run_are_checked_here),
		cmocka_unit_test(sbatch_reads_files_whole),
		cmocka_unit_test(a_token_is_needed),
	};

	return RUN_TESTS(tests);
}
