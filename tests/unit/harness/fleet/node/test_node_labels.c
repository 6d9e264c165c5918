// SPDX-License-Identifier: GPL-3.0-or-later
/* node_labels: what a cluster's agents take, whatever the host says of itself. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/fleet/node/node_labels.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static void every_text_becomes_a_label(void **state)
{
	static const struct {
		const char *text, *label;
	} rows[] = {
		{"AMD EPYC 7763 64-Core Processor",
		 "AMD-EPYC-7763-64-Core-Processor"},
		{"Intel(R) Xeon(R) @ 2.90GHz", "Intel-R-Xeon-R-2.90GHz"},
		{"-._a._-", "a"},
		{"a__b..c--d", "a__b..c-d"},
		{"", ""},
		{"@@@", ""},
		{"\303\244\n\t", ""},
		{"a\nl1vh-bench/kvm=true", "a-l1vh-bench-kvm-true"},
		{"12345678901234567890123456789012345678901234567890123456789012 4",
		 "12345678901234567890123456789012345678901234567890123456789012"},
		{"1234567890123456789012345678901234567890123456789012345678901234",
		 "123456789012345678901234567890123456789012345678901234567890123"},
	};
	char out[LABEL_VALUE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(label_value(rows[i].text, out),
				    rows[i].label);
}

static json_t *a_probe(bool kvm, bool mshv)
{
	return json_pack("{s:s, s:{s:b}, s:{s:b}, s:{s:s}}", "grade",
			 "hardware", "kvm", "usable", kvm, "mshv", "usable",
			 mshv, "hypervisor", "partition", "l1vh");
}

static void the_file_has_a_line_per_label(void **state)
{
	json_t *probe = a_probe(false, true);
	json_t *fingerprint = json_pack("{s:s, s:s}", "cpu.model_name", "A (R)",
					"l1vh.revision", "v1\nevil/x=y");
	struct strbuf out = {0};

	(void)state;
	node_labels_write(probe, fingerprint, &out);
	assert_contains(out.str, "l1vh-bench/mshv=true\nl1vh-bench/kvm=false\n"
				 "l1vh-bench/vhost-net=");
	assert_contains(out.str, "\nl1vh-bench/grade=hardware\n"
				 "l1vh-bench/partition=l1vh\n"
				 "l1vh-bench/cpu-model=A-R\n"
				 "l1vh-bench/revision=v1-evil-x-y\n");
	assert_int_equal(count_of(out.str, "\n"), 7);
	strbuf_release(&out);
	/* What is not known is said so, and is a label. */
	node_labels_write(NULL, NULL, &out);
	assert_contains(out.str, "l1vh-bench/partition=unknown\n");
	strbuf_release(&out);
	json_decref(fingerprint);
	json_decref(probe);
}

/* Beside it nothing is left that would be read as another file. */
static void the_file_is_there_at_once(void **state)
{
	char folder[SCRATCH_SIZE];
	struct strbuf text = {0};
	struct err err = {0};
	struct dirent *e;
	size_t count = 0;
	char *path;
	DIR *dir;
	int i;

	(void)state;
	scratch_folder(folder, "labels");
	path = xasprintf("%s/features.d/l1vh-bench", folder);
	strbuf_puts(&text, "a/b=c\n");
	for (i = 0; i < 2; i++)
		if (node_labels_put(path, &text, &err))
			fail_msg("%s", err.msg);
	assert_int_equal(access(path, R_OK), 0);
	path[strlen(path) - strlen("/l1vh-bench")] = '\0';
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		count += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(dir);
	assert_int_equal(count, 1);
	/* A folder of that name is in the way. */
	assert_true(node_labels_put(path, &text, &err) < 0);
	assert_contains(err.msg, "cannot write");
	assert_true(node_labels_put("/dev/null/x", &text, &err) < 0);
	free(path);
	strbuf_release(&text);
	scratch_remove(folder);
}

static void a_device_is_a_condition(void **state)
{
	static const struct {
		const char *probe;
		enum node_condition condition;
		const char *line;
	} rows[] = {
		{"{\"kvm\": {\"usable\": true, \"present\": true}}", NODE_OK,
		 "/dev/kvm works"},
		{"{\"kvm\": {\"usable\": false, \"present\": false}}",
		 NODE_PROBLEM, "/dev/kvm is absent"},
		{"{\"kvm\": {\"present\": true, \"reason\": \"No such device\"}}",
		 NODE_PROBLEM, "cannot open /dev/kvm: No such device"},
		{"{\"kvm\": {\"present\": true,"
		 " \"reason\": \"Permission denied\"}}",
		 NODE_UNKNOWN, "cannot open /dev/kvm: Permission denied"},
		{"{\"kvm\": {\"present\": true,"
		 " \"reason\": \"Operation not permitted\"}}",
		 NODE_UNKNOWN, "cannot open /dev/kvm: Operation not permitted"},
		{"{}", NODE_UNKNOWN, "/dev/kvm is absent"},
		/* 80 bytes of whatever is said. */
		{"{\"kvm\": {\"present\": true, \"reason\": \"xxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}",
		 NODE_PROBLEM,
		 "cannot open /dev/kvm: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxxxxxxxxxxx"},
	};
	char line[NODE_CONDITION_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *probe = json_loads(rows[i].probe, 0, NULL);

		assert_non_null(probe);
		assert_int_equal(node_condition_of(probe, "kvm", line),
				 rows[i].condition);
		assert_string_equal(line, rows[i].line);
		json_decref(probe);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_becomes_a_label),
		cmocka_unit_test(the_file_has_a_line_per_label),
		cmocka_unit_test(the_file_is_there_at_once),
		cmocka_unit_test(a_device_is_a_condition),
	};

	return RUN_TESTS(tests);
}
