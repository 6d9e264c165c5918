// SPDX-License-Identifier: GPL-3.0-or-later
/* envinfo, hostprobe, grade: what is told of this host is what it says by
 * other ways, and nothing is told that it does not say. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/core/envinfo.h"
#include "harness/core/grade.h"
#include "harness/core/hostprobe.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text)
		fail_msg("no '%s'", key);
	return text;
}

static void every_value_is_a_text(void **state)
{
	json_t *o = envinfo_fingerprint(), *value;
	const char *key;

	(void)state;
	assert_true(json_object_size(o) > 20);
	json_object_foreach(o, key, value) {
		if (!json_is_string(value) || !json_string_length(value))
			fail_msg("'%s' is no text", key);
		assert_null(strchr(json_string_value(value), '\n'));
	}
	json_decref(o);
}

/* Two long values may differ at their ends. */
static void values_are_kept_whole(void **state)
{
	struct strbuf text = {0};
	char path[SCRATCH_SIZE];
	json_t *o = json_object();
	size_t flags_bytes;
	int i;

	(void)state;
	strbuf_puts(&text, "vendor_id\t: A\nmodel\t\t: 7\nflags\t\t:");
	flags_bytes = text.len;
	for (i = 0; i < 800; i++)
		strbuf_printf(&text, " flag%d", i);
	flags_bytes = text.len - flags_bytes;
	strbuf_puts(&text, "\nvmx flags\t: x\nmodel name\t: long\n\n"
			   "vendor_id\t: B\nflags\t: other\n");
	scratch_file(path, text.str, text.len);
	envinfo_put_cpu(o, path);
	unlink(path);
	assert_int_equal(strlen(text_of(o, "cpu.flags")), flags_bytes - 1);
	assert_contains(text_of(o, "cpu.flags"), " flag798 flag799");
	assert_string_equal(text_of(o, "cpu.vendor_id"), "A");
	assert_string_equal(text_of(o, "cpu.model"), "7");
	assert_string_equal(text_of(o, "cpu.model_name"), "long");
	assert_null(json_object_get(o, "cpu.stepping"));
	json_decref(o);
	strbuf_release(&text);
}

static void a_fingerprint_is_of_this_host(void **state)
{
	json_t *o = envinfo_fingerprint();
	char text[32];
	struct utsname u;

	(void)state;
	assert_int_equal(uname(&u), 0);
	assert_string_equal(text_of(o, "host"), u.nodename);
	assert_string_equal(text_of(o, "kernel.release"), u.release);
	assert_string_equal(text_of(o, "kernel.version"), u.version);
	assert_string_equal(text_of(o, "l1vh.revision"), envinfo_revision());
	assert_string_equal(text_of(o, "grade"), grade_name(grade_of_host()));
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)sysconf(_SC_PHYS_PAGES) *
			 (unsigned long long)sysconf(_SC_PAGESIZE));
	assert_string_equal(text_of(o, "memory.total_bytes"), text);
	/* Those of other programs may have blanks or tabs before them. */
	assert_int_not_equal(text_of(o, "process.cpus")[0], '\t');
	assert_int_not_equal(text_of(o, "process.capabilities")[0], '\t');
	json_decref(o);
}

/* A file that this kernel has not is no key; one it has is its first line. */
static void files_are_keys_where_they_are(void **state)
{
	static const struct {
		const char *key, *path;
	} files[] = {
		{"kernel.cmdline", "/proc/cmdline"},
		{"overcommit_memory", "/proc/sys/vm/overcommit_memory"},
		{"swappiness", "/proc/sys/vm/swappiness"},
		{"thp.enabled", "/sys/kernel/mm/transparent_hugepage/enabled"},
		{"cpufreq.driver",
		 "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"},
		{"cpufreq.no_turbo",
		 "/sys/devices/system/cpu/intel_pstate/no_turbo"},
		{"smt", "/sys/devices/system/cpu/smt/control"},
		{"dmi.vendor", "/sys/class/dmi/id/sys_vendor"},
	};
	json_t *o = envinfo_fingerprint();
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		const json_t *value = json_object_get(o, files[i].key);

		assert_int_equal(!value, access(files[i].path, R_OK) != 0);
		if (!value)
			continue;
		file_first_line(files[i].path, line, sizeof(line));
		assert_int_equal(strncmp(json_string_value(value),
					 *line ? line : "unknown",
					 strlen(line)),
				 0);
	}
	json_decref(o);
}

static void limits_are_those_of_the_process(void **state)
{
	struct rlimit before, less;
	json_t *o;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	if (before.rlim_max < 40960) {
		print_message("skipped: hardly any memory may be locked\n");
		skip();
	}
	less = before;
	less.rlim_cur = 40960;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &less), 0);
	o = envinfo_fingerprint();
	assert_string_equal(text_of(o, "rlimit.memlock_bytes"), "40960");
	json_decref(o);
	less.rlim_cur = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &less), 0);
	o = envinfo_fingerprint();
	if (before.rlim_max == RLIM_INFINITY)
		assert_string_equal(text_of(o, "rlimit.memlock_bytes"),
				    "unlimited");
	json_decref(o);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
}

/* But for what changes by itself, so that two runs can be compared. */
static void fingerprints_do_not_change_by_themselves(void **state)
{
	static const char *const moving[] = {"loadavg", "memory.available"};
	json_t *a = envinfo_fingerprint(), *b = envinfo_fingerprint();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(moving); i++) {
		json_object_del(a, moving[i]);
		json_object_del(b, moving[i]);
	}
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
}

static void check_device(const json_t *probe, const char *key, const char *path)
{
	const json_t *o = json_object_get(probe, key);
	bool is_there = !access(path, F_OK);
	bool is_usable = json_is_true(json_object_get(o, "usable"));

	assert_string_equal(text_of(o, "path"), path);
	assert_int_equal(json_is_true(json_object_get(o, "present")), is_there);
	/* Root may be let in and still find no driver behind it. */
	if (access(path, R_OK | W_OK))
		assert_false(is_usable);
	/* A device that cannot be used has a reason, another has none. */
	assert_int_equal(strlen(text_of(o, "reason")) == 0, is_usable);
	assert_int_equal(json_is_integer(json_object_get(o, "mode")), is_there);
}

static void a_probe_agrees_with_the_host(void **state)
{
	json_t *probe = hostprobe_json();
	const json_t *kvm = json_object_get(probe, "kvm");
	const json_t *below = json_object_get(probe, "hypervisor");
	const json_t *types = json_object_get(probe, "kubevirt_domain_type");
	bool has_kvm = !access("/dev/kvm", F_OK);
	bool has_mshv = !access("/dev/mshv", F_OK);

	(void)state;
	check_device(probe, "kvm", "/dev/kvm");
	check_device(probe, "mshv", "/dev/mshv");
	assert_string_equal(text_of(probe, "grade"),
			    grade_name(grade_of_host()));
	assert_string_equal(text_of(kvm, "grade"), grade_name(grade_of_kvm()));
	if (!has_kvm)
		assert_false(json_is_true(
			json_object_get(kvm, "hardware_assisted")));
	assert_string_equal(text_of(below, "partition"), hostprobe_partition());
	if (!json_is_true(json_object_get(below, "running_on_one")))
		assert_string_equal(text_of(below, "partition"), "none");
	assert_string_equal(text_of(types, "gate_off"),
			    has_kvm ? "kvm" : "qemu");
	assert_string_equal(text_of(types, "gate_on"),
			    has_mshv ? "hyperv" : "qemu");
	assert_string_equal(text_of(probe, "kernel_log_partition"),
			    kernel_log_name(kernel_log_of_host()));
	assert_contains("v1 v2",
			text_of(json_object_get(probe, "memory"), "cgroup"));
	json_decref(probe);
}

static void logs_are_read_for_one_word(void **state)
{
	static const struct {
		const char *log;
		enum kernel_log word;
		bool is_unvalidated;
	} cases[] = {
		{"", KERNEL_LOG_SILENT, false},
		{"Hyper-V: running as", KERNEL_LOG_SILENT, false},
		{"a\nHyper-V: running as root partition\nb", KERNEL_LOG_ROOT,
		 false},
		{"Hyper-V: running as L1VH partition", KERNEL_LOG_L1VH, false},
		{"mshv: CONFIG_MSHV_ROOT not enabled\n",
		 KERNEL_LOG_NO_MSHV_ROOT, false},
		/* It says that as well, and means the same. */
		{"running as root partition but CONFIG_MSHV_ROOT not enabled",
		 KERNEL_LOG_ROOT, false},
		{"mshv: Unvalidated Hyper-V version 99\n"
		 "running as L1VH partition",
		 KERNEL_LOG_L1VH, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(kernel_log_classify(cases[i].log),
				 cases[i].word);
		assert_int_equal(kernel_log_is_unvalidated(cases[i].log),
				 cases[i].is_unvalidated);
	}
}

static void the_network_is_in_danger_by_the_partition(void **state)
{
	enum partition_type here = partition_of_host();
	struct err err = {0};

	(void)state;
	assert_int_equal(network_danger(&err),
			 here == PARTITION_L1VH ? -EPERM : 0);
	assert_string_equal(partition_name(PARTITION_NONE), "none");
	assert_string_equal(partition_name(PARTITION_GUEST), "guest");
	assert_string_equal(partition_name(PARTITION_ROOT), "root");
	assert_string_equal(partition_name(PARTITION_L1VH), "l1vh");
}

/* kvm_pvm is only ever loaded on purpose. */
static void the_module_in_use_is_found(void **state)
{
	static const char *const modules[] = {"kvm_amd", "kvm_intel",
					      "kvm_pvm"};
	char folder[SCRATCH_SIZE], path[96];
	struct err err = {0};
	size_t i;

	(void)state;
	scratch_folder(folder, "modules");
	assert_string_equal(kvm_vendor_module_under(folder), "");
	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		snprintf(path, sizeof(path), "%s/sys/module/%s", folder,
			 modules[i]);
		assert_int_equal(file_mkdirs(path, &err), 0);
		assert_string_equal(kvm_vendor_module_under(folder),
				    modules[i]);
	}
	scratch_remove(folder);
	assert_string_equal(kvm_vendor_module(), kvm_vendor_module_under(""));
}

static void grades_have_one_name_each(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < GRADE_COUNT; i++)
		assert_int_equal(grade_parse(grade_name((enum grade)i)), i);
	assert_int_equal(grade_parse("Hardware"), GRADE_EMULATED);
	assert_int_equal(grade_parse(""), GRADE_EMULATED);
	assert_int_equal(grade_emulated(), GRADE_EMULATED);
	/* No guest is better than its host. */
	assert_true(grade_of_kvm() >= grade_of_host());
}

/* What cannot be read never makes a machine better than it is. */
static void an_unread_host_is_no_hardware(void **state)
{
	char folder[SCRATCH_SIZE], path[96];
	struct rlimit limit, none;
	struct err err = {0};
	enum grade grade;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	grade = grade_of_host();
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(grade, GRADE_EMULATED);
	scratch_folder(folder, "unread");
	snprintf(path, sizeof(path), "%s/sys/module/kvm_amd", folder);
	assert_int_equal(file_mkdirs(path, &err), 0);
	snprintf(path, sizeof(path), "%s/sys/module/kvm_pvm", folder);
	assert_int_equal(symlink("kvm_pvm", path), 0); /* ELOOP */
	assert_string_equal(kvm_vendor_module_under(folder), "");
	assert_int_equal(grade_classify_kvm(GRADE_HARDWARE, "", 1),
			 GRADE_SOFTWARE);
	scratch_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_is_a_text),
		cmocka_unit_test(values_are_kept_whole),
		cmocka_unit_test(a_fingerprint_is_of_this_host),
		cmocka_unit_test(files_are_keys_where_they_are),
		cmocka_unit_test(limits_are_those_of_the_process),
		cmocka_unit_test(fingerprints_do_not_change_by_themselves),
		cmocka_unit_test(a_probe_agrees_with_the_host),
		cmocka_unit_test(logs_are_read_for_one_word),
		cmocka_unit_test(the_network_is_in_danger_by_the_partition),
		cmocka_unit_test(the_module_in_use_is_found),
		cmocka_unit_test(an_unread_host_is_no_hardware),
		cmocka_unit_test(grades_have_one_name_each),
	};

	return RUN_TESTS(tests);
}
