// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kubevirt: nodes made up in a folder, as they should be, contradicting
 * themselves, empty and damaged; and every judgement on its own.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/file.h"
#include "harness/kubevirt/node/node_page.h"
#include "harness/kubevirt/node/nodeprobe.h"
#include "harness/kubevirt/node/prereq.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char root[SCRATCH_SIZE];
	char programs[PROGRAM_COUNT][64];
	struct node_source source;
	struct node node;
	json_t *page;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t i;

	scratch_folder(f->root, "node");
	f->source.root = f->root;
	for (i = 0; i < PROGRAM_COUNT; i++) {
		snprintf(f->programs[i], sizeof(f->programs[i]), "%s/bin/%s",
			 f->root, node_program_names[i]);
		f->source.programs[i] = f->programs[i];
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->page);
	scratch_remove(f->root);
	free(f);
	return 0;
}

static const char *in(const struct fixture *f, const char *path)
{
	static char full[128];
	struct err err;

	snprintf(full, sizeof(full), "%s%s", f->root, path);
	assert_int_equal(file_mkdirs_above(full, &err), 0);
	return full;
}

static void put(const struct fixture *f, const char *path, const char *text)
{
	struct err err;

	assert_int_equal(file_write(in(f, path), text, strlen(text), &err), 0);
}

static void put_program(const struct fixture *f, enum node_program_id id,
			const char *script)
{
	put(f, f->programs[id] + strlen(f->root), script);
	assert_int_equal(chmod(f->programs[id], 0755), 0);
}

static void put_gz(const struct fixture *f, const char *path, const char *text)
{
	gzFile file = gzopen(in(f, path), "wb");

	assert_non_null(file);
	assert_int_equal(gzwrite(file, text, (unsigned int)strlen(text)),
			 strlen(text));
	assert_int_equal(gzclose(file), Z_OK);
}

/*
 * Some misc device of this host that opens without consequences, under
 * another name; false where there is none.
 */
static bool lend_device(const struct fixture *f, const char *path,
			const char *misc_name)
{
	static const char *const lent[] = {"/dev/fuse", "/dev/net/tun"};
	char line[64];
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lent); i++) {
		int fd = open(lent[i], O_RDWR | O_CLOEXEC);

		if (fd < 0)
			continue;
		assert_int_equal(fstat(fd, &st), 0);
		close(fd);
		assert_int_equal(symlink(lent[i], in(f, path)), 0);
		snprintf(line, sizeof(line), "  1 other\n%3u %s\n",
			 minor(st.st_rdev), misc_name);
		put(f, "/proc/misc", line);
		return true;
	}
	return false;
}

static void gather(struct fixture *f, const struct domain_wish *wish)
{
	static struct domain_wish plain;

	plain.release = kubevirt_release_find("v1.6");
	node_gather(&f->source, &f->node);
	json_decref(f->page);
	f->page = node_page(&f->node, wish ? wish : &plain);
}

static void expect(const struct fixture *f, const char *part, const char *key,
		   const char *words)
{
	const char *text = json_string_value(json_object_get(
		json_object_get(json_object_get(f->page, part), key),
		"finding"));

	if (!text || !strstr(text, words))
		fail_msg("%s, %s: no '%s' in '%s'", part, key, words,
			 text ? text : "nothing");
}

static void l1vh_node_has_all_of_it(void **state)
{
	struct fixture *f = *state;
	const struct domain_wish wish = {
		.release = kubevirt_release_find("main"),
		.is_gate_on = true,
		.hypervisor = HYPERVISOR_HYPERV_DIRECT,
	};
	bool has_lent = lend_device(f, "/dev/mshv", "mshv");
	char text[200];

	if (!has_lent)
		assert_int_equal(symlink("/dev/null", in(f, "/dev/mshv")), 0);
	f->source.partition = PARTITION_L1VH;
	f->source.kernel_log = KERNEL_LOG_L1VH;
	snprintf(f->source.kernel_release, sizeof(f->source.kernel_release),
		 "7.0.2-l1vh");
	put_gz(f, "/proc/config.gz",
	       "# CONFIG_KVM is not set\nCONFIG_MSHV_ROOT=m\nCONFIG_HYPERV=y\nCONFIG_MEMCG=y");
	put_program(
		f, PROGRAM_QEMU,
		"#!/bin/sh\n[ $1 = --version ] && echo QEMU emulator version 10.2.1 ||\n"
		"printf 'Accelerators supported in QEMU binary:\\ntcg\\nmshv\\n'\n");
	put_program(f, PROGRAM_VIRSH, "#!/bin/sh\necho 11.10.0\n");
	put(f, "/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
	gather(f, &wish);
	expect(f, "partition", "cpuid", "l1vh");
	expect(f, "partition", "witnesses", "agree: all three");
	expect(f, "kernel", "release", "has CONFIG_MSHV_ROOT; whether");
	expect(f, "kernel", "configuration", "/proc/config.gz");
	expect(f, "kernel", "CONFIG_KVM", "not set");
	expect(f, "kernel", "CONFIG_MSHV_ROOT", "m (");
	expect(f, "kernel", "CONFIG_MEMCG", "y (");
	expect(f, "software", "qemu-system-x86_64", "10.2.1: has mshv");
	expect(f, "software", "qemu_accelerators", "tcg mshv");
	expect(f, "software", "virsh", "takes type hyperv");
	expect(f, "software", "libvirtd", "unavailable: not installed");
	expect(f, "domain", "type", "hyperv: its device is there");
	expect(f, "device_plugin", "devices.kubevirt.io/mshv", "is there");
	expect(f, "memory", "cgroup", "v2, with memory controller");
	expect(f, "devices", "/dev/mshv",
	       has_lent ? "can be opened" : "unavailable");
	assert_int_equal(
		requirement_holds(REQUIRE_L1VH, &f->node, text, sizeof(text)),
		has_lent);
}

/* What looks like a root partition but has another device's node. */
static void root_that_contradicts_itself(void **state)
{
	struct fixture *f = *state;

	f->source.partition = PARTITION_ROOT;
	f->source.kernel_log = KERNEL_LOG_L1VH;
	snprintf(f->source.kernel_release, sizeof(f->source.kernel_release),
		 "6.6.135.mshv2");
	put(f, "/boot/config-6.6.135.mshv2", "CONFIG_MSHV_ROOT=y\n");
	put(f, "/proc/misc", "122 mshv\n");
	assert_int_equal(symlink("/dev/null", in(f, "/dev/mshv")), 0);
	assert_int_equal(symlink("/dev/null", in(f, "/dev/kvm")), 0);
	gather(f, NULL);
	expect(f, "partition", "witnesses", "DISAGREE: CPUID and the log name");
	expect(f, "devices", "/dev/mshv",
	       "unavailable: another device's node: /proc/misc has mshv as 10:122");
	expect(f, "devices", "/dev/mshv", "1:3, /proc/misc 122");
	expect(f, "devices", "/dev/kvm", "a node without its driver");
	expect(f, "kernel", "release", "older than 7.0: L1VH needs a backport");
	expect(f, "kernel", "configuration", "/boot/config-6.6.135.mshv2");
	expect(f, "device_plugin", "devices.kubevirt.io/mshv",
	       "unknown to this release");
}

static void plain_kvm_node(void **state)
{
	struct fixture *f = *state;

	f->source.kernel_log = KERNEL_LOG_SILENT;
	f->source.has_vmx_or_svm = true;
	f->source.memlock_bytes = UINT64_MAX;
	put(f, "/sys/module/kvm_amd/parameters/nested", "1\n");
	put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
	put(f, "/sys/module/vfio_pci/version", "1\n");
	put(f, "/sys/kernel/iommu_groups/0/type", "DMA\n");
	put(f, "/sys/kernel/iommu_groups/1/type", "DMA\n");
	put(f, "/sys/class/iommu/ivhd0/name", "\n");
	put(f, "/sys/fs/cgroup/memory/tasks", "1\n");
	put(f, "/proc/cgroups",
	    "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t3\t1\t1\nmemory\t4\t11\t1\n");
	put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
	    "512\n");
	gather(f, NULL);
	expect(f, "partition", "witnesses", "agree: not on Microsoft's");
	expect(f, "kernel", "kvm_vendor_module", "kvm_amd: hardware-assisted");
	expect(f, "passthrough", "iommu_groups", "2");
	expect(f, "passthrough", "iommu_units", "1");
	expect(f, "passthrough", "vfio_modules", "vfio vfio_pci");
	expect(f, "passthrough", "unsafe_noiommu_mode", "N");
	expect(f, "passthrough", "passthrough", "/dev/vfio/vfio cannot");
	expect(f, "memory", "cgroup", "v1, with memory controller");
	expect(f, "memory", "memlock", "unlimited");
	expect(f, "memory", "hugepages_2mib", "512");
	expect(f, "memory", "hugepages_1gib", "unavailable");
}

static void nothing_at_all_is_said_to_be_so(void **state)
{
	struct fixture *f = *state;
	size_t i;

	gather(f, NULL);
	for (i = 0; i < DEVICE_COUNT; i++)
		expect(f, "devices", node_devices[i].path,
		       "unavailable: no such device");
	for (i = 0; i < OPTION_COUNT; i++)
		expect(f, "kernel", node_options[i].name, "not known");
	for (i = 0; i < PROGRAM_COUNT; i++)
		expect(f, "software", node_program_names[i],
		       "unavailable: not installed");
	expect(f, "kernel", "configuration",
	       "not known: /proc/config.gz: absent, /boot/config-: absent");
	expect(f, "kernel", "kvm_vendor_module", "none: no hardware");
	expect(f, "software", "qemu_accelerators", "unavailable");
	expect(f, "domain", "type", "none: the guest is refused");
	expect(f, "passthrough", "iommu_groups", "unavailable");
	expect(f, "passthrough", "passthrough", "no IOMMU group");
	expect(f, "memory", "cgroup", "unavailable");
	memset(f->source.programs, 0, sizeof(f->source.programs));
	gather(f, NULL);
	expect(f, "software", "virsh", "unavailable: not asked");
}

/* A compressed file that ends early, and one that never ends. */
static void damage_config(const struct fixture *f)
{
	char *big = malloc(5 * MIB);
	size_t i;

	for (i = 0; i < 5 * MIB - 1; i++)
		big[i] = "CONFIG_A=y\n"[i % 11];
	big[i] = '\0';
	put_gz(f, "/proc/config.gz", big);
	put(f, "/boot/config-6.19.0-?", big);
	free(big);
	assert_int_equal(truncate(in(f, "/proc/config.gz"), 5000), 0);
}

static void damaged_files_are_no_crash(void **state)
{
	struct fixture *f = *state;
	char *text;

	snprintf(f->source.kernel_release, sizeof(f->source.kernel_release),
		 "6.19.0-\xff");
	put(f, "/proc/misc", "\xff\xfe kvm\n99999999999 kvm\nkvm\n232");
	put(f, "/dev/kvm", "no device");
	put(f, "/proc/cgroups", "memory x y z\nmemory\n");
	put(f, "/sys/fs/cgroup/tasks", "");
	put(f, "/sys/kernel/iommu_groups", "a file");
	put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
	    "\x1b[31m very long and red\n");
	put(f, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages/x", "");
	put_program(f, PROGRAM_QEMU, "#!/bin/sh\nprintf '\\033[1m\\377\\n'\n");
	put_program(f, PROGRAM_VIRSH, "#!/bin/sh\nexit 3\n");
	put_program(f, PROGRAM_LIBVIRTD, "#!/bin/sh\n");
	damage_config(f);
	gather(f, NULL);
	expect(f, "devices", "/dev/kvm", "unavailable: not a device node");
	expect(f, "kernel", "configuration",
	       "/proc/config.gz: damaged, /boot/config-6.19.0-?: File too large");
	expect(f, "software", "qemu-system-x86_64", "?[1m?: too old");
	expect(f, "software", "virsh", "exited with status 3");
	expect(f, "software", "libvirtd", "it prints nothing");
	expect(f, "memory", "cgroup", "v1, without memory controller");
	expect(f, "passthrough", "unsafe_noiommu_mode", "?[31m");
	text = json_dumps(f->page, 0);
	assert_non_null(text);
	free(text);
}

static void page_is_the_object_in_words(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	gather(f, NULL);
	node_page_write(f->page, out);
	fclose(out);
	assert_memory_equal(text, "partition\n  cpuid ", 18);
	assert_non_null(strstr(text, "\ndevices\n  /dev/kvm "));
	assert_null(strstr(text, "schema_version"));
	assert_null(strstr(text, "(null)"));
	free(text);
}

static void versions_are_compared_by_number(void **state)
{
	static const struct {
		const char *text;
		struct version v;
	} rows[] = {
		{"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)",
		 {7, 2, 22}},
		{"libvirtd (libvirt) 11.10.0", {11, 10, 0}},
		{"6.19-rc3", {6, 19, 0}},
		{"64 bit, 10.2", {10, 2, 0}},
	};
	struct version v;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(version_parse(rows[i].text, &v));
		assert_int_equal(version_compare(&v, &rows[i].v), 0);
	}
	assert_false(version_parse("", &v));
	assert_false(version_parse("version 7", &v));
	assert_true(version_compare(&rows[0].v, &rows[3].v) < 0);
	assert_true(version_compare(&rows[1].v, &rows[3].v) > 0);
	assert_non_null(strstr(qemu_judge("10.10.0", true), "has mshv"));
	assert_non_null(strstr(qemu_judge("10.1.0", true), "vendor"));
	assert_non_null(strstr(qemu_judge("10.2.0", false), "built without"));
	assert_non_null(strstr(libvirt_judge("11.9.0"), "too old"));
	/* RHEL's 6.12 has L1VH: no version refuses it. */
	assert_non_null(strstr(kernel_judge("6.12.0-211.7.1.el10_2", true),
			       "backport; selftest mshv tells"));
	assert_non_null(
		strstr(kernel_judge("7.0.1", true), "whether it works"));
	assert_non_null(strstr(kernel_judge("6.15.1", false), "new enough"));
	assert_non_null(strstr(kernel_judge("6.14.9", false), "older than m"));
}

static void witnesses_tell_on_each_other(void **state)
{
	static const struct {
		enum partition_type cpuid;
		enum kernel_log log;
		bool has_mshv, agree;
		const char *words;
	} rows[] = {
		{PARTITION_NONE, KERNEL_LOG_SILENT, false, true, "not on"},
		{PARTITION_NONE, KERNEL_LOG_SILENT, true, false, "emulated"},
		{PARTITION_GUEST, KERNEL_LOG_SILENT, false, true, "ordinary"},
		{PARTITION_GUEST, KERNEL_LOG_L1VH, false, false, "filtered"},
		{PARTITION_GUEST, KERNEL_LOG_NO_MSHV_ROOT, false, false,
		 "filtered"},
		{PARTITION_L1VH, KERNEL_LOG_L1VH, true, true, "all three"},
		{PARTITION_ROOT, KERNEL_LOG_ROOT, true, true, "all three"},
		{PARTITION_L1VH, KERNEL_LOG_ROOT, true, false, "different"},
		{PARTITION_L1VH, KERNEL_LOG_L1VH, false, false, "not loaded"},
		{PARTITION_L1VH, KERNEL_LOG_SILENT, false, false, "too old"},
		{PARTITION_ROOT, KERNEL_LOG_NO_MSHV_ROOT, false, false,
		 "without CONFIG_MSHV_ROOT"},
		{PARTITION_L1VH, KERNEL_LOG_UNREADABLE, true, true, "be read"},
		{PARTITION_L1VH, KERNEL_LOG_UNREADABLE, false, false,
		 "log would"},
		{PARTITION_L1VH, KERNEL_LOG_SILENT, true, true, "lost"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool agree;
		const char *text = witnesses_judge(rows[i].cpuid, rows[i].log,
						   rows[i].has_mshv, &agree);

		if (agree != rows[i].agree || !strstr(text, rows[i].words))
			fail_msg("row %zu: %d, %s", i, agree, text);
	}
	assert_int_equal(
		kernel_log_classify("x Hyper-V: running as L1VH partition\n"),
		KERNEL_LOG_L1VH);
	assert_int_equal(kernel_log_classify("CONFIG_MSHV_ROOT not enabled!"),
			 KERNEL_LOG_NO_MSHV_ROOT);
	assert_int_equal(kernel_log_classify(""), KERNEL_LOG_SILENT);
	assert_true(kernel_log_is_unvalidated(
		"mshv: Unvalidated Hyper-V version 26102, please use 27744\n"));
	assert_false(
		kernel_log_is_unvalidated("mshv: Hyper-V version 27744\n"));
}

static void domain_follows_release_gate_and_devices(void **state)
{
	static const struct {
		const char *release;
		bool is_gate_on, is_mshv, is_emulation_allowed;
		bool has_kvm, has_mshv;
		const char *type, *why, *meaning, *fall_back;
	} rows[] = {
		{"v1.6", true, true, false, true, true, "kvm", "no gate",
		 "is there", "none"},
		{"v1.7", true, true, false, false, true, NULL, "no gate",
		 "kvm not present", "none"},
		{"v1.8", false, true, false, true, true, "kvm", "is off",
		 "is there", "none"},
		{"v1.8", true, true, false, true, true, "hyperv", "by gate",
		 "is there", "none"},
		{"main", true, true, false, true, false, NULL, "by gate",
		 "MSHV not present", "none"},
		{"main", true, true, true, true, false, "qemu", "by gate",
		 "TCG", "silent"},
		{"main", true, false, true, true, true, "kvm", "as configured",
		 "is there", "goes missing"},
		{"v1.6", false, false, true, false, false, "qemu", "no gate",
		 "TCG", "silent"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct domain_wish w = {
			.release = kubevirt_release_find(rows[i].release),
			.is_gate_on = rows[i].is_gate_on,
			.hypervisor = rows[i].is_mshv ? HYPERVISOR_HYPERV_DIRECT
						      : HYPERVISOR_KVM,
			.is_emulation_allowed = rows[i].is_emulation_allowed,
		};
		struct domain_choice c =
			domain_choose(&w, rows[i].has_kvm, rows[i].has_mshv);

		if (!c.type != !rows[i].type ||
		    (c.type && strcmp(c.type, rows[i].type)) ||
		    !strstr(c.why, rows[i].why) ||
		    !strstr(c.meaning, rows[i].meaning) ||
		    !strstr(c.fall_back, rows[i].fall_back))
			fail_msg("row %zu: %s; %s; %s; %s", i,
				 c.type ? c.type : "none", c.why, c.meaning,
				 c.fall_back);
	}
}

static void holds(enum requirement what, const struct node *n, bool wanted,
		  const char *words)
{
	char line[256];
	bool is = requirement_holds(what, n, line, sizeof(line));

	if (is != wanted || !strstr(line, words))
		fail_msg("%d, wanted %d and '%s': %s", is, wanted, words, line);
}

static void requirements_say_why(void **state)
{
	struct node n = {.partition = PARTITION_ROOT, .kvm_module = ""};

	(void)state;
	assert_int_equal(requirement_parse("vfio"), REQUIRE_VFIO);
	assert_int_equal(requirement_parse("xen"), REQUIRE_COUNT);
	assert_int_equal(requirement_parse(""), REQUIRE_COUNT);
	snprintf(n.devices[DEVICE_MSHV].reason, 16, "no such device");
	holds(REQUIRE_L1VH, &n, false, "type root, not l1vh");
	n.partition = PARTITION_L1VH;
	holds(REQUIRE_L1VH, &n, false, "/dev/mshv: no such device");
	n.devices[DEVICE_MSHV].can_open = true;
	holds(REQUIRE_L1VH, &n, true, "can be opened");

	holds(REQUIRE_KVM, &n, false, "/dev/kvm: ");
	n.devices[DEVICE_KVM].can_open = true;
	n.kvm_api_version = -ENOTTY;
	holds(REQUIRE_KVM, &n, false, "does not report its version");
	n.kvm_api_version = 11;
	holds(REQUIRE_KVM, &n, false, "version 11, not 12");
	n.kvm_api_version = 12;
	n.kvm_module = "kvm_intel";
	holds(REQUIRE_KVM, &n, true, ", hardware-assisted (kvm_intel");
	n.kvm_grade = GRADE_SOFTWARE;
	n.kvm_module = "kvm_pvm";
	holds(REQUIRE_KVM, &n, true, ", not hardware-assisted (kvm_pvm");

	holds(REQUIRE_VFIO, &n, false, "/dev/vfio/vfio: ");
	n.devices[DEVICE_VFIO].can_open = true;
	holds(REQUIRE_VFIO, &n, false, "no IOMMU group");
	snprintf(n.noiommu, sizeof(n.noiommu), "Y");
	holds(REQUIRE_VFIO, &n, true, "unsafe_noiommu mode");
	n.iommu_group_count = 3;
	holds(REQUIRE_VFIO, &n, false, "there is no function on its bus");
	n.function_count = 2;
	n.functions[0] =
		(struct pci_host){.address = "0000:00:01.0", .group = -1};
	n.functions[1] = (struct pci_host){.address = "0000:00:02.0",
					   .class_code = 0x010802,
					   .group = 7,
					   .peer_count = 1};
	holds(REQUIRE_VFIO, &n, false, "group 7 has 1 other function");
	n.functions[0].is_hyperv = true;
	n.function_count = 1;
	holds(REQUIRE_VFIO, &n, false, "CONFIG_HYPERV_PVIOMMU");
	n.functions[1].peer_count = 0;
	n.function_count = 2;
	holds(REQUIRE_VFIO, &n, true,
	      "IOMMU groups: 3; 0000:00:02.0 (NVMe disk) can go");
}

/* Opened, and asked, but it is none. */
static void a_device_that_is_not_kvm(void **state)
{
	struct fixture *f = *state;

	if (!lend_device(f, "/dev/kvm", "kvm"))
		skip();
	gather(f, NULL);
	assert_int_equal(f->node.kvm_api_version, -ENOTTY);
	holds(REQUIRE_KVM, &f->node, false, "does not report");
}

#define ON_NODE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_NODE(l1vh_node_has_all_of_it),
		ON_NODE(root_that_contradicts_itself),
		ON_NODE(plain_kvm_node),
		ON_NODE(nothing_at_all_is_said_to_be_so),
		ON_NODE(damaged_files_are_no_crash),
		ON_NODE(page_is_the_object_in_words),
		ON_NODE(a_device_that_is_not_kvm),
		cmocka_unit_test(versions_are_compared_by_number),
		cmocka_unit_test(witnesses_tell_on_each_other),
		cmocka_unit_test(domain_follows_release_gate_and_devices),
		cmocka_unit_test(requirements_say_why),
	};

	return RUN_TESTS(tests);
}
