// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/node/prereq.h"

#include <stdio.h>
#include <string.h>

#include "harness/kubevirt/node/nodeprobe.h"

#define KVM_API 12 /* for good, says the kernel's documentation */

/* The releases that introduced each feature; see docs/mshv.md for kernels. */
static const struct version kernel_with_mshv = {6, 15, 0};
static const struct version kernel_with_scheduler = {7, 0, 0};
static const struct version qemu_with_mshv = {10, 2, 0};
static const struct version libvirt_with_hyperv = {11, 10, 0};

bool version_parse(const char *text, struct version *v)
{
	const char *p = text;

	for (; *p; p += strspn(p, "0123456789")) {
		p += strcspn(p, "0123456789");
		*v = (struct version){0};
		if (sscanf(p, "%6u.%6u.%6u", &v->major, &v->minor, &v->patch) >=
		    2)
			return true;
	}
	return false;
}

static int compare(unsigned int a, unsigned int b)
{
	return (a > b) - (a < b);
}

int version_compare(const struct version *a, const struct version *b)
{
	if (a->major != b->major)
		return compare(a->major, b->major);
	if (a->minor != b->minor)
		return compare(a->minor, b->minor);
	return compare(a->patch, b->patch);
}

static bool is_at_least(const char *text, const struct version *wanted)
{
	struct version v;

	return version_parse(text, &v) && version_compare(&v, wanted) >= 0;
}

static const char *judge_no_parent(enum partition_type cpuid,
				   enum kernel_log log, bool has_mshv,
				   bool *agree)
{
	bool log_has_parent = log == KERNEL_LOG_ROOT ||
			      log == KERNEL_LOG_L1VH ||
			      log == KERNEL_LOG_NO_MSHV_ROOT;

	*agree = !log_has_parent && !has_mshv;
	if (!*agree && has_mshv)
		return "/dev/mshv without the right to create partitions: emulated, or left over";
	if (!*agree)
		return "the log shows a parent that CPUID does not show: CPUID is filtered";
	if (cpuid == PARTITION_GUEST)
		return "an ordinary guest of Hyper-V, which may not create partitions";
	return "not on Microsoft's hypervisor, or it hides itself";
}

static const char *judge_parent_without_device(enum kernel_log log)
{
	if (log == KERNEL_LOG_SILENT)
		return "a parent whose kernel is too old to know, or lacks CONFIG_MSHV_ROOT";
	if (log == KERNEL_LOG_UNREADABLE)
		return "mshv_root is not loaded, or not in this kernel; the kernel log would show which";
	return "the module mshv_root is not loaded: modprobe mshv_root";
}

const char *witnesses_judge(enum partition_type cpuid, enum kernel_log log,
			    bool has_mshv, bool *agree)
{
	bool is_parent = cpuid == PARTITION_ROOT || cpuid == PARTITION_L1VH;

	if (!is_parent)
		return judge_no_parent(cpuid, log, has_mshv, agree);
	*agree = false;
	if (log == KERNEL_LOG_NO_MSHV_ROOT)
		return "a parent whose kernel is built without CONFIG_MSHV_ROOT, and stays a plain guest";
	if ((log == KERNEL_LOG_ROOT && cpuid != PARTITION_ROOT) ||
	    (log == KERNEL_LOG_L1VH && cpuid != PARTITION_L1VH))
		return "CPUID and the log name different partitions: neither is reliable";
	if (!has_mshv)
		return judge_parent_without_device(log);
	*agree = true;
	if (log == KERNEL_LOG_SILENT)
		return "CPUID and device agree; the log has lost its first lines";
	if (log == KERNEL_LOG_UNREADABLE)
		return "CPUID and device agree; the log cannot be read";
	return "all three agree";
}

/* Distributions backport mshv and L1VH, so a version proves neither. */
const char *kernel_judge(const char *release, bool has_mshv_root)
{
	if (has_mshv_root)
		return is_at_least(release, &kernel_with_scheduler)
			       ? "has CONFIG_MSHV_ROOT; whether it works, selftest mshv tells"
			       : "has CONFIG_MSHV_ROOT, older than 7.0: L1VH needs a backport; selftest mshv tells";
	if (is_at_least(release, &kernel_with_mshv))
		return "new enough for mshv (6.15), but CONFIG_MSHV_ROOT is not known to be set";
	return "older than mshv (6.15), and CONFIG_MSHV_ROOT is not known to be set";
}

const char *qemu_judge(const char *version_line, bool has_accelerator)
{
	bool is_new = is_at_least(version_line, &qemu_with_mshv);

	if (has_accelerator)
		return is_new ? "has mshv"
			      : "older than 10.2, but has mshv: a vendor's own";
	return is_new ? "new enough for mshv (10.2), but built without it"
		      : "too old for mshv, which came with 10.2";
}

const char *libvirt_judge(const char *version_line)
{
	return is_at_least(version_line, &libvirt_with_hyperv)
		       ? "takes type hyperv"
		       : "too old for type hyperv, which came with 11.10";
}

static const char *explain_hypervisor(const struct domain_wish *w,
				      enum hypervisor_kind chosen)
{
	if (chosen == HYPERVISOR_HYPERV_DIRECT)
		return "by gate ConfigurableHypervisor";
	if (!kubevirt_release_has_hypervisor_gate(w->release))
		return "the release has no gate ConfigurableHypervisor: kvm regardless of the configuration";
	if (!w->is_gate_on)
		return "gate ConfigurableHypervisor is off: kvm regardless of the configuration";
	return "as configured";
}

static void refuse_domain(struct domain_choice *c)
{
	bool is_kvm = c->hypervisor == HYPERVISOR_KVM;

	c->type = NULL;
	c->meaning =
		is_kvm ? "the guest is refused: kvm not present and emulation is not allowed"
		       : "the guest is refused: MSHV not present";
	c->fall_back = "none: without its device a guest is refused";
}

struct domain_choice domain_choose(const struct domain_wish *w, bool has_kvm,
				   bool has_mshv)
{
	bool is_mshv = kubevirt_release_has_hypervisor_gate(w->release) &&
		       w->is_gate_on &&
		       w->hypervisor == HYPERVISOR_HYPERV_DIRECT;
	bool has_device = is_mshv ? has_mshv : has_kvm;
	struct domain_choice c = {
		.hypervisor =
			is_mshv ? HYPERVISOR_HYPERV_DIRECT : HYPERVISOR_KVM,
		.type = kubevirt_choice(has_kvm, has_mshv, is_mshv),
		.meaning = "its device is there",
		.fall_back = "none: without its device a guest is refused",
	};

	c.why = explain_hypervisor(w, c.hypervisor);
	if (w->is_emulation_allowed)
		c.fall_back =
			has_device
				? "if it goes missing, guests are emulated (TCG) without an error: read the accelerator back"
				: "silent: only a log line says that the guest is emulated; read the accelerator back";
	if (!has_device && w->is_emulation_allowed)
		c.meaning = "emulated (TCG), since its device is missing";
	else if (!has_device)
		refuse_domain(&c);
	return c;
}

static bool has_groups(const struct node *n)
{
	return n->iommu_group_count > 0;
}

static bool is_noiommu(const struct node *n)
{
	return n->noiommu[0] == 'Y' || n->noiommu[0] == '1';
}

const char *passthrough_judge(const struct node *n)
{
	bool has_vfio = n->devices[DEVICE_VFIO].can_open;

	if (!has_groups(n) && !(is_noiommu(n) && has_vfio))
		return "unavailable: there is no IOMMU group on this node";
	if (!has_vfio)
		return "unavailable: /dev/vfio/vfio cannot be opened";
	if (!has_groups(n))
		return "only in unsafe_noiommu mode, where a device reaches all of the node's memory";
	return "possible, for devices whose whole IOMMU group is bound to vfio";
}

static bool has_device(const struct node *n, enum node_device_id id, char *line,
		       size_t size)
{
	if (!n->devices[id].can_open)
		snprintf(line, size, "%s: %s", node_devices[id].path,
			 n->devices[id].reason);
	return n->devices[id].can_open;
}

static bool l1vh_holds(const struct node *n, char *line, size_t size)
{
	if (n->partition != PARTITION_L1VH) {
		snprintf(line, size, "CPUID says partition type %s, not l1vh",
			 partition_name(n->partition));
		return false;
	}
	if (!has_device(n, DEVICE_MSHV, line, size))
		return false;
	snprintf(line, size,
		 "an L1VH partition by CPUID, and /dev/mshv can be opened");
	return true;
}

static bool kvm_holds(const struct node *n, char *line, size_t size)
{
	bool is_hardware = n->kvm_grade == GRADE_HARDWARE;

	if (!has_device(n, DEVICE_KVM, line, size))
		return false;
	if (n->kvm_api_version < 0) {
		snprintf(line, size, "/dev/kvm does not report its version: %s",
			 strerror(-n->kvm_api_version));
		return false;
	}
	if (n->kvm_api_version != KVM_API) {
		snprintf(line, size, "/dev/kvm speaks version %d, not %d",
			 n->kvm_api_version, KVM_API);
		return false;
	}
	snprintf(line, size,
		 "/dev/kvm speaks version %d, %s (%s, guests of grade %s)",
		 KVM_API,
		 is_hardware ? "hardware-assisted" : "not hardware-assisted",
		 n->kvm_module[0] ? n->kvm_module : "no vendor module",
		 grade_name(n->kvm_grade));
	return true;
}

/* The first that could go; NULL: none, and WHY of one of them. */
static const struct pci_host *first_free(const struct node *n, char *why,
					 size_t size)
{
	size_t i;

	snprintf(why, size, "there is no function on its bus");
	for (i = 0; i < n->function_count; i++)
		if (!pci_host_obstacle(&n->functions[i], why, size)[0])
			return &n->functions[i];
	return NULL;
}

static bool vfio_holds(const struct node *n, char *line, size_t size)
{
	const struct pci_host *fn;
	char why[200];

	if (!has_device(n, DEVICE_VFIO, line, size))
		return false;
	if (!has_groups(n)) {
		snprintf(line, size, "%s", passthrough_judge(n));
		return is_noiommu(n);
	}
	fn = first_free(n, why, sizeof(why));
	if (fn)
		snprintf(
			line, size,
			"/dev/vfio/vfio can be opened, IOMMU groups: %d; %s (%s) can go to a guest",
			n->iommu_group_count, fn->address, pci_host_kind(fn));
	else
		snprintf(
			line, size,
			"/dev/vfio/vfio can be opened, IOMMU groups: %d, but nothing can go to a guest: %s",
			n->iommu_group_count, why);
	return fn;
}

static const struct {
	const char *name;
	bool (*holds)(const struct node *n, char *line, size_t size);
} requirements[REQUIRE_COUNT] = {
	[REQUIRE_L1VH] = {"l1vh", l1vh_holds},
	[REQUIRE_KVM] = {"kvm", kvm_holds},
	[REQUIRE_VFIO] = {"vfio", vfio_holds},
};

enum requirement requirement_parse(const char *name)
{
	int i;

	for (i = 0; i < REQUIRE_COUNT; i++)
		if (!strcmp(requirements[i].name, name))
			break;
	return (enum requirement)i;
}

bool requirement_holds(enum requirement what, const struct node *node,
		       char *line, size_t size)
{
	return requirements[what].holds(node, line, size);
}
