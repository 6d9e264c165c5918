// SPDX-License-Identifier: GPL-3.0-or-later
/* guest: the files of an image against their manifest, its build, its domain. */
#include "tests/unit/test.h"

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/beside.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"

/* SHA-256 of "abc" and of nothing, FIPS 180-2. */
#define OF_ABC                             \
	"ba7816bf8f01cfea414140de5dae2223" \
	"b00361a396177a9cb410ff61f20015ad"
#define OF_NOTHING                         \
	"e3b0c44298fc1c149afbf4c8996fb924" \
	"27ae41e4649b934ca495991b7852b855"

static int set_up(void **state)
{
	(void)state;
	beside_folder("guest");
	beside_file("guest/one", "abc");
	beside_file("guest/two", "");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"guest/one",
					    "guest/two",
					    "guest/manifest",
					    "guest",
					    "../workloads/guest/build-image",
					    "../workloads/guest",
					    "../workloads",
					    "../ci/fetch-kernel",
					    "../ci"};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		beside_remove(names[i]);
	return 0;
}

static void files_are_as_the_manifest_has_them(void **state)
{
	(void)state;
	beside_file("guest/manifest", "kernel_version 6.1\n"
				      "sha256 one " OF_ABC "\n"
				      "sha256 two " OF_NOTHING "\n"
				      "file init 123\n");
	assert_int_equal(CALL(cmd_guest, "inspect"), STATUS_OK);
	assert_string_equal(called.out, "kernel_version 6.1\n"
					"sha256 one " OF_ABC " ok\n"
					"sha256 two " OF_NOTHING " ok\n"
					"file init 123\n");
	assert_string_equal(called.err, "");
}

static void a_file_that_differs_is_marked(void **state)
{
	static const char *const manifests[] = {
		/* Another sum, another file, no file, and a sum cut short. */
		"sha256 two " OF_ABC "\n",
		"sha256 one " OF_NOTHING "\n",
		"sha256 three " OF_ABC "\n",
		"sha256 one ba7816bf\n",
		/* The last line counts without its end, and behind a gap. */
		"sha256 one " OF_ABC "\nsha256 two " OF_ABC,
		"sha256 one " OF_ABC "\n\nsha256 two " OF_ABC "\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(manifests); i++) {
		beside_file("guest/manifest", manifests[i]);
		if (CALL(cmd_guest, "inspect") != STATUS_UNDECIDED)
			fail_msg("row %zu:\n%s", i, called.out);
		assert_contains(called.out, " DIFFERS\n");
		assert_contains(called.err, "guest build");
	}
}

/* An image whose manifest was cut short is not one that was checked. */
static void a_manifest_without_sums_proves_nothing(void **state)
{
	static const char *const manifests[] = {"", "\n", "kernel_version 6\n",
						"sha256 one\n"};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(manifests); i++) {
		beside_file("guest/manifest", manifests[i]);
		assert_int_equal(CALL(cmd_guest, "inspect"), STATUS_UNDECIDED);
		assert_contains(called.err, "guest build");
	}
}

static void without_a_guest_there_is_a_hint(void **state)
{
	(void)state;
	beside_remove("guest/manifest");
	assert_int_equal(CALL(cmd_guest, "inspect"), STATUS_USAGE);
	assert_contains(called.err, "guest build");
}

static void a_build_is_two_scripts_and_the_manifest(void **state)
{
	char *kernel = file_beside_exe("kernel");
	char *agent = file_beside_exe("guest-agent");
	char *out = file_beside_exe("guest");
	char *want = xasprintf("fetch %s\nbuild %s %s %s\na manifest\n", kernel,
			       kernel, agent, out);

	(void)state;
	beside_folder("../ci");
	beside_folder("../workloads");
	beside_folder("../workloads/guest");
	beside_file("guest/manifest", "a manifest\n");
	beside_file("../ci/fetch-kernel", "#!/bin/sh\necho fetch \"$@\"\n");
	beside_file("../workloads/guest/build-image",
		    "#!/bin/sh\necho build \"$@\"\n");
	assert_int_equal(CALL_FORKED(cmd_guest, "build"), 0);
	assert_string_equal(called.out, want);
	/* What the scripts end with is its status, and stops it. */
	beside_file("../ci/fetch-kernel", "#!/bin/sh\nexit 9\n");
	assert_int_equal(CALL_FORKED(cmd_guest, "build"), 9);
	assert_string_equal(called.out, "");
	free(want);
	free(out);
	free(agent);
	free(kernel);
}

static void a_domain_has_its_type(void **state)
{
	static const struct {
		const char *word, *type;
	} cases[] = {
		{NULL, "kvm"},
		{"kvm", "kvm"},
		{"hyperv", "hyperv"},
		{"qemu", "qemu"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char element[64];

		assert_int_equal(CALL(cmd_guest, "domain-xml", cases[i].word),
				 STATUS_OK);
		snprintf(element, sizeof(element), "<domain type='%s'",
			 cases[i].type);
		assert_contains(called.out, element);
		assert_contains(called.out, "</domain>");
	}
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{NULL}, "expected 'build'"},
		{{"make"}, "expected 'build'"},
		{{"build", "all"}, "expected 'build'"},
		{{"inspect", "all"}, "expected 'build'"},
		{{"domain-xml", "xen"}, "kvm, hyperv or qemu"},
		{{"domain-xml", "kvm", "qemu"}, "kvm, hyperv or qemu"},
	};

	(void)state;
	expect_refused(&cmd_guest, rows, ARRAY_SIZE(rows));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_as_the_manifest_has_them),
		TEST(a_file_that_differs_is_marked),
		TEST(a_manifest_without_sums_proves_nothing),
		TEST(without_a_guest_there_is_a_hint),
		TEST(a_build_is_two_scripts_and_the_manifest),
		TEST(a_domain_has_its_type),
		TEST(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
