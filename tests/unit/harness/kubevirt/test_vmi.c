// SPDX-License-Identifier: GPL-3.0-or-later
/* vmi: each field of a manifest sets what it is for and nothing else, null is as
 * if it were absent, and a value of another kind is refused by its key. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/kubevirt/vmi.h"
#include "tests/unit/fixture/expect.h"

#define GI ((int64_t)GIB)

/* A spec in JSON, which is YAML as well; then what it sets. */
struct field {
	const char *spec;
	size_t offset;
	bool is_flag;
	int64_t value;
};

#define FLAG(spec, name)                                      \
	{                                                     \
		spec, offsetof(struct vm_spec, name), true, 1 \
	}
#define AMOUNT(spec, name, value)                                  \
	{                                                          \
		spec, offsetof(struct vm_spec, name), false, value \
	}
#define DOMAIN(text) "\"domain\": {" text "}"
#define EMPTY DOMAIN("\"x\": 1")

static const struct field fields[] = {
	AMOUNT(DOMAIN("\"resources\": {\"requests\": {\"memory\": \"3Gi\"}}"),
	       memory_request, 3 * GI),
	AMOUNT(DOMAIN("\"resources\": {\"limits\": {\"memory\": \"5Gi\"}}"),
	       memory_limit, 5 * GI),
	AMOUNT(DOMAIN("\"memory\": {\"guest\": \"512Mi\"}"), guest_memory,
	       GI / 2),
	AMOUNT(DOMAIN("\"memory\": {\"maxGuest\": \"8Gi\"}"), max_guest,
	       8 * GI),
	AMOUNT(DOMAIN("\"memory\": {\"hugepages\": {\"pageSize\": \"2Mi\"}}"),
	       hugepage_bytes, 2 * MIB),
	AMOUNT(DOMAIN("\"memory\": {\"reservedOverhead\":"
		      " {\"addedOverhead\": \"7Mi\"}}"),
	       added_overhead, 7 * MIB),
	FLAG(DOMAIN("\"memory\": {\"reservedOverhead\":"
		    " {\"memLock\": \"Required\"}}"),
	     is_memlock_required),
	FLAG(DOMAIN("\"resources\": {\"overcommitGuestOverhead\": true}"),
	     overcommits_guest_overhead),
	AMOUNT(DOMAIN("\"cpu\": {\"cores\": 3}"), vcpu_count, 3),
	AMOUNT(DOMAIN("\"cpu\": {\"cores\": 3, \"sockets\": 2,"
		      " \"threads\": 4}"),
	       vcpu_count, 24),
	/* Zeros are passed over. */
	AMOUNT(DOMAIN("\"cpu\": {\"cores\": 0, \"sockets\": 2}"), vcpu_count,
	       2),
	/* What a pod asks for counts where there is no CPU section. */
	AMOUNT(DOMAIN("\"resources\": {\"requests\": {\"cpu\": \"1500m\"}}"),
	       vcpu_count, 2),
	AMOUNT(DOMAIN("\"resources\": {\"requests\": {\"cpu\": 6},"
		      " \"limits\": {\"cpu\": 7}}"),
	       vcpu_count, 7),
	FLAG(DOMAIN("\"devices\": {\"autoattachGraphicsDevice\": false}"),
	     has_no_graphics),
	AMOUNT(DOMAIN("\"devices\": {\"hostDevices\": [{}, {}],"
		      " \"gpus\": [{}]}"),
	       vfio_count, 3),
	AMOUNT(DOMAIN("\"devices\": {\"interfaces\": [{\"sriov\": {}},"
		      " {\"bridge\": {}}]}"),
	       vfio_count, 1),
	FLAG(DOMAIN("\"devices\": {\"tpm\": {}}"), has_tpm),
	FLAG(DOMAIN("\"launchSecurity\": {\"sev\": {}}"), has_sev),
	FLAG(DOMAIN("\"launchSecurity\": {\"snp\": {}}"), has_snp),
	FLAG(EMPTY ", \"volumes\": [{\"disk\": 1}, {\"downwardMetrics\": {}}]",
	     has_downward_metrics),
	FLAG(EMPTY ", \"livenessProbe\": {\"exec\": {}}", has_liveness_exec),
	FLAG(EMPTY ", \"readinessProbe\": {\"exec\": {}}", has_readiness_exec),
	FLAG(EMPTY ", \"architecture\": \"arm64\"", is_arm64),
};

/* As an instance has it, or as a VirtualMachine has it in its template. */
static int parse(const char *spec, bool in_template, struct vm_spec *s,
		 struct err *err)
{
	char text[1024], name[32];

	snprintf(text, sizeof(text),
		 in_template
			 ? "{\"kind\": \"VirtualMachine\", \"metadata\":"
			   " {\"name\": \"n\"}, \"spec\": {\"template\":"
			   " {\"spec\": {%s}}}}"
			 : "{\"kind\": \"VirtualMachineInstance\","
			   " \"metadata\": {\"name\": \"n\"}, \"spec\": {%s}}",
		 spec);
	return vmi_parse(text, strlen(text), s, name, sizeof(name), err);
}

static int64_t value_at(struct vm_spec *s, const struct field *f)
{
	uint8_t *at = (uint8_t *)s + f->offset;
	int64_t amount = 0;
	bool flag = false;

	if (f->is_flag) {
		memcpy(&flag, at, sizeof(flag));
		memset(at, 0, sizeof(flag));
		return flag;
	}
	memcpy(&amount, at, sizeof(amount));
	memset(at, 0, sizeof(amount));
	return amount;
}

static void each_field_sets_its_own(void **state)
{
	static const struct vm_spec nothing;
	struct vm_spec s;
	struct err err;
	int in_template;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		for (in_template = 0; in_template < 2; in_template++) {
			memset(&s, 0, sizeof(s));
			if (parse(fields[i].spec, in_template, &s, &err))
				fail_msg("%s: %s", fields[i].spec, err.msg);
			if (value_at(&s, &fields[i]) != fields[i].value)
				fail_msg("%s", fields[i].spec);
			/* VALUE_AT has taken it away. */
			if (memcmp(&s, &nothing, sizeof(s)))
				fail_msg("%s sets something else",
					 fields[i].spec);
		}
}

/* A section of the CPU alone makes a guest of one, and may be real-time. */
static void sections_that_are_there(void **state)
{
	struct vm_spec s = {.vcpu_count = 9};
	struct err err;

	(void)state;
	assert_int_equal(
		parse(DOMAIN("\"cpu\": {\"realtime\": {}}"), false, &s, &err),
		0);
	assert_true(s.is_realtime);
	assert_int_equal(s.vcpu_count, 1);
	assert_int_equal(parse(DOMAIN("\"cpu\": {\"dedicatedCpuPlacement\":"
				      " true}"),
			       false, &s, &err),
			 0);
	assert_true(s.has_dedicated_cpus);
}

/* Options that came before stay, whether a key is null or not there. */
static void what_is_absent_changes_nothing(void **state)
{
	static const char *const specs[] = {
		EMPTY,
		DOMAIN("\"resources\": null, \"memory\": {\"guest\": null,"
		       " \"hugepages\": null}, \"cpu\": null, \"devices\":"
		       " {\"tpm\": null, \"autoattachGraphicsDevice\": null,"
		       " \"hostDevices\": null}") ", \"architecture\": null",
		DOMAIN("\"memory\": {\"reservedOverhead\": {}}") ", "
								 "\"architecture\": \"\"",
	};
	struct vm_spec before, s;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		memset(&before, 0, sizeof(before));
		before.memory_request = GI;
		before.vcpu_count = 5;
		before.vfio_count = 2;
		before.is_arm64 = before.has_tpm = before.has_no_graphics =
			true;
		memcpy(&s, &before, sizeof(s));
		if (parse(specs[i], false, &s, &err))
			fail_msg("%s: %s", specs[i], err.msg);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

static void values_of_another_kind(void **state)
{
	static const struct {
		const char *spec, *says;
	} cases[] = {
		{DOMAIN("\"resources\": {\"limits\": {\"memory\": {}}}"),
		 "domain.resources.limits.memory"},
		{DOMAIN("\"memory\": {\"maxGuest\": \"-1\"}"),
		 "domain.memory.maxGuest"},
		{DOMAIN("\"cpu\": {\"threads\": \"1000000000\"}"),
		 "domain.cpu.threads"},
		{DOMAIN("\"cpu\": {\"sockets\": 1000001}"), "too large"},
		{DOMAIN("\"cpu\": {\"sockets\": []}"), "domain.cpu.sockets"},
		{DOMAIN("\"cpu\": {\"dedicatedCpuPlacement\": 1}"),
		 "domain.cpu.dedicatedCpuPlacement"},
		{DOMAIN("\"resources\": {\"overcommitGuestOverhead\": {}}"),
		 "overcommitGuestOverhead"},
		{DOMAIN("\"resources\": {\"limits\": {\"cpu\": \"x\"}}"),
		 "domain.resources.limits.cpu"},
		{EMPTY ", \"architecture\": \"AMD64\"", "architecture"},
		{"\"volumes\": []", "domain"},
	};
	struct vm_spec s;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&s, 0, sizeof(s));
		assert_int_equal(parse(cases[i].spec, i % 2, &s, &err),
				 -EINVAL);
		assert_contains(err.msg, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_sets_its_own),
		cmocka_unit_test(sections_that_are_there),
		cmocka_unit_test(what_is_absent_changes_nothing),
		cmocka_unit_test(values_of_another_kind),
	};

	return RUN_TESTS(tests);
}
