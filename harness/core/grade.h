/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_GRADE_H
#define HARNESS_CORE_GRADE_H

/*
 * grade - how far a number can be trusted. Detected, never configured, and
 * stored with every sample.
 */
enum grade {
	GRADE_HARDWARE, /* real hardware, or a hypervisor that uses it */
	GRADE_SOFTWARE, /* a hypervisor without hardware assistance */
	GRADE_EMULATED, /* the whole machine is emulated: the lab */
	GRADE_COUNT,
};

const char *grade_name(enum grade grade);
enum grade grade_parse(const char *name); /* unknown: GRADE_EMULATED */

/*
 * Of this machine itself. Either of two marks suffices: the hypervisor's CPUID
 * signature, or the mark on the lab's kernel command line. So does a command line
 * that cannot be read.
 */
enum grade grade_of_host(void);

/* GRADE_EMULATED: for the runners whose guests are emulated on every host. */
enum grade grade_emulated(void);

/* Of guests under this machine's /dev/kvm. */
enum grade grade_of_kvm(void);

/*
 * The rule behind it: only VMX or SVM with a module that uses them is
 * hardware. A module has its folder in /sys even if the CPU has neither.
 */
enum grade grade_classify_kvm(enum grade host, const char *module,
			      int has_vmx_or_svm);

/* "kvm_amd", "kvm_intel", "kvm_pvm", or "" when none is loaded or /sys cannot be
 * read; of another root folder than / where one is given. */
const char *kvm_vendor_module(void);
const char *kvm_vendor_module_under(const char *root);

/* By CPUID. Hyper-V hides it from its own parents, which do not need it. */
int cpu_has_vmx_or_svm(void);

#endif
