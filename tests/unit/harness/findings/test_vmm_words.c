// SPDX-License-Identifier: GPL-3.0-or-later
/* What boots say of their VMM, also when the VMM or its guest lies. */
#include "tests/unit/test.h"

#include "harness/base/strbuf.h"
#include "harness/findings/vmm_words.h"
#include "harness/store/run_data.h"

static void must_be(const char *identity, const char *want)
{
	char *words = vmm_words(identity, VMM_FACT_SANDBOX);

	if (want)
		assert_string_equal(words, want);
	else
		assert_null(words);
	free(words);
}

static void an_identity_has_the_words(void **state)
{
	(void)state;
	must_be(NULL, NULL);
	must_be("", NULL);
	must_be("cpu.count=1\ncpu.family=6", NULL);
	must_be("cpu.count=1\nxvmm.sandbox=off", NULL);
	must_be("cpu.count=1\nvmm.sandbox=off", "off");
	must_be("cpu.count=1\nvmm.sandbox=seccomp; not: landlock\nvmm.vfio=x",
		"seccomp; not: landlock");
	/* The guest said the first. */
	must_be("cpu.count=1\nvmm.sandbox=all\nx=1\nvmm.sandbox=off", "off");
	must_be("cpu.count=1\nvmm.sandbox=\xff\x1b[1m", "??[1m");
}

static void each_thing_is_listed_once(void **state)
{
	struct boot_data boots[5] = {0};
	const struct run_data run = {.boots = boots, .boot_count = 5};
	struct strbuf out = {0};

	(void)state;
	boots[0].res.identity = (char *)"a=1\nvmm.sandbox=seccomp";
	boots[2].res.identity =
		(char *)"a=2\nvmm.sandbox=off\nvmm.placement=cores, kept";
	boots[3].res.identity = (char *)"a=2\nvmm.placement=cores, kept\n"
					"vmm.version=Firecracker 1.13.1";
	boots[4].res.identity = (char *)"a=3\nvmm.sandbox=seccomp";
	vmm_words_list(&run, &out);
	assert_string_equal(strbuf_str(&out), "sandbox of the VMM: seccomp\n"
					      "sandbox of the VMM: off\n"
					      "pinning: cores, kept\n"
					      "VMM: Firecracker 1.13.1\n");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identity_has_the_words),
		cmocka_unit_test(each_thing_is_listed_once),
	};

	return RUN_TESTS(tests);
}
