// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/grade.h"

#include <cpuid.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"

static const char *const names[] = {"hardware", "software", "emulated"};
_Static_assert(ARRAY_SIZE(names) == GRADE_COUNT, "every grade has a name");

const char *grade_name(enum grade grade)
{
	return names[grade];
}

enum grade grade_parse(const char *name)
{
	int i;

	for (i = 0; i < GRADE_COUNT; i++)
		if (name && !strcmp(names[i], name))
			return (enum grade)i;
	return GRADE_EMULATED;
}

/* A kernel whose command line cannot be read may be the lab's. */
static bool may_be_lab(void)
{
	struct strbuf cmdline = {0};
	bool may_be = file_read("/proc/cmdline", 4095, &cmdline) ||
		      strstr(strbuf_str(&cmdline), "l1vh.lab");

	strbuf_release(&cmdline);
	return may_be;
}

enum grade grade_of_host(void)
{
	uint32_t id[4];

	__cpuid(0x40000000, id[0], id[1], id[2], id[3]);
	if (!memcmp(&id[1], "TCGTCGTCGTCG", 12) || may_be_lab())
		return GRADE_EMULATED;
	return GRADE_HARDWARE;
}

enum grade grade_emulated(void)
{
	return GRADE_EMULATED;
}

const char *kvm_vendor_module_under(const char *root)
{
	/* kvm_pvm is only ever loaded on purpose; the others may be built in. */
	static const char *const modules[] = {"kvm_pvm", "kvm_intel",
					      "kvm_amd"};
	char path[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		snprintf(path, sizeof(path), "%s/sys/module/%s", root,
			 modules[i]);
		if (!access(path, F_OK))
			return modules[i];
		/* What cannot be looked for may be there. */
		if (errno != ENOENT)
			break;
	}
	return "";
}

const char *kvm_vendor_module(void)
{
	return kvm_vendor_module_under("");
}

#define bit_VMX (1u << 5)
#define bit_SVM (1u << 2)

int cpu_has_vmx_or_svm(void)
{
	uint32_t a, b, c, d;

	__cpuid(1, a, b, c, d);
	if (c & bit_VMX)
		return 1;
	if (__get_cpuid_max(0x80000000, NULL) < 0x80000001)
		return 0;
	__cpuid(0x80000001, a, b, c, d);
	return (c & bit_SVM) != 0;
}

enum grade grade_classify_kvm(enum grade host, const char *module,
			      int has_hardware)
{
	if (host == GRADE_EMULATED)
		return GRADE_EMULATED;
	if (has_hardware &&
	    (!strcmp(module, "kvm_intel") || !strcmp(module, "kvm_amd")))
		return GRADE_HARDWARE;
	return GRADE_SOFTWARE;
}

enum grade grade_of_kvm(void)
{
	return grade_classify_kvm(grade_of_host(), kvm_vendor_module(),
				  cpu_has_vmx_or_svm());
}
