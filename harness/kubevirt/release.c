// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/release.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"

/* Behind every tag. */
#define MAIN 999

struct kubevirt_release {
	const char *name;
	struct kubevirt_tag tag;
};

/* Tags whose functions were compared, with ci/kubevirt-changes. */
static const struct kubevirt_release releases[] = {
	{"v1.0.0", {0, 0}},  {"v1.0.1", {0, 1}}, {"v1.1.0", {1, 0}},
	{"v1.1.1", {1, 1}},  {"v1.2.0", {2, 0}}, {"v1.2.1", {2, 1}},
	{"v1.2.2", {2, 2}},  {"v1.3.0", {3, 0}}, {"v1.3.1", {3, 1}},
	{"v1.4.0", {4, 0}},  {"v1.4.1", {4, 1}}, {"v1.5.0", {5, 0}},
	{"v1.5.1", {5, 1}},  {"v1.5.2", {5, 2}}, {"v1.5.3", {5, 3}},
	{"v1.6.0", {6, 0}},  {"v1.6.1", {6, 1}}, {"v1.6.2", {6, 2}},
	{"v1.6.3", {6, 3}},  {"v1.6.4", {6, 4}}, {"v1.6.5", {6, 5}},
	{"v1.6.6", {6, 6}},  {"v1.7.0", {7, 0}}, {"v1.7.1", {7, 1}},
	{"v1.7.2", {7, 2}},  {"v1.7.3", {7, 3}}, {"v1.7.4", {7, 4}},
	{"v1.8.0", {8, 0}},  {"v1.8.1", {8, 1}}, {"v1.8.2", {8, 2}},
	{"v1.8.3", {8, 3}},  {"v1.8.4", {8, 4}}, {"v1.9.0", {9, 0}},
	{"main", {MAIN, 0}},
};

/* Short names of the files that are cited. */
#define TEMPLATE "pkg/virt-controller/services/template.go"
#define RENDER "pkg/virt-controller/services/renderresources.go"
#define DEFAULTS "pkg/defaults/defaults.go"
#define WEBHOOKS "pkg/virt-api/webhooks/defaults.go"
#define LIVE "pkg/liveupdate/memory/memory.go"
#define CONFIG "pkg/virt-config/virt-config.go"
#define DETECTOR "pkg/virt-handler/isolation/detector.go"
#define KVM_BACKEND "pkg/hypervisor/kvm/hypervisorbackend.go"
#define KVM_RUNTIME "pkg/hypervisor/kvm/runtime.go"
#define MSHV_RUNTIME "pkg/hypervisor/mshv/runtime.go"
#define SCHEMA "staging/src/kubevirt.io/api/core/v1/schema.go"
#define TYPES "staging/src/kubevirt.io/api/core/v1/types.go"

/* By trait, then by tag. A trait without a row for a tag is 0. */
static const struct kubevirt_fact facts[] = {
	{TRAIT_VIRTLOGD_MIB, {0, 0}, 20, TEMPLATE ":126"},
	{TRAIT_VIRTLOGD_MIB, {5, 0}, 25, TEMPLATE ":116"},
	{TRAIT_VIRTQEMUD_MIB, {0, 0}, 35, TEMPLATE ":127"},
	{TRAIT_VIRTQEMUD_MIB, {4, 1}, 40, TEMPLATE ":116"},
	{TRAIT_QEMU_MIB, {0, 0}, 30, TEMPLATE ":128"},
	{TRAIT_QEMU_MIB, {MAIN, 0}, 50, KVM_BACKEND ":42"},
	{TRAIT_GRAPHICS_MIB, {0, 0}, 16, RENDER ":339"},
	{TRAIT_GRAPHICS_MIB, {6, 0}, 32, RENDER ":443"},
	{TRAIT_PASST_MIB, {0, 0}, 800, RENDER ":379"},
	{TRAIT_PASST_MIB, {3, 0}, 0, RENDER ":392"},
	{TRAIT_PASST_BINDING_MIB,
	 {8, 0},
	 250,
	 "pkg/network/resources/memory.go:98"},
	{TRAIT_DEDICATED_MIB, {1, 0}, 100, RENDER ":407"},
	{TRAIT_DEDICATED_IS_AFTER_RATIO, {1, 0}, true, RENDER ":407"},
	{TRAIT_DEDICATED_IS_AFTER_RATIO, {5, 3}, false, RENDER ":410"},
	{TRAIT_TPM_HAS_ENABLED, {4, 1}, true, RENDER ":388"},
	{TRAIT_TPM_HAS_ENABLED, {5, 0}, false, RENDER ":413"},
	{TRAIT_TPM_HAS_ENABLED, {5, 1}, true, RENDER ":414"},
	{TRAIT_SNP_IS_SEV, {7, 0}, true, "pkg/util/amd64.go:26"},
	{TRAIT_RESERVED_OVERHEAD, {8, 0}, true, KVM_BACKEND ":160"},

	{TRAIT_FILLS_REQUEST, {0, 0}, true, WEBHOOKS ":118"},
	{TRAIT_FILLS_REQUEST, {6, 4}, false, RENDER ":255"},
	{TRAIT_FILLS_GUEST, {3, 0}, true, WEBHOOKS ":203"},
	{TRAIT_HAS_MAX_GUEST, {1, 0}, true, SCHEMA ":391"},
	{TRAIT_HOTPLUG, {3, 0}, HOTPLUG_BY_GATE, CONFIG ":483"},
	{TRAIT_HOTPLUG, {5, 0}, HOTPLUG_IF_ASKED, CONFIG ":467"},
	{TRAIT_HOTPLUG, {6, 0}, HOTPLUG_BY_DEFAULT, CONFIG ":458"},
	{TRAIT_HOTPLUG_ARM64, {3, 0}, true, LIVE ":88"},
	{TRAIT_HOTPLUG_ARM64, {5, 2}, false, DEFAULTS ":122"},
	{TRAIT_HOTPLUG_LEAST_MIB, {3, 1}, 1024, LIVE ":50"},

	{TRAIT_QOS_BY_LIMIT, {6, 4}, true, TYPES ":573"},
	{TRAIT_RENDERS_OVERCOMMIT, {6, 2}, true, RENDER ":255"},
	{TRAIT_RENDERS_OVERCOMMIT, {6, 3}, false, DEFAULTS ":307"},
	{TRAIT_POD_HAS_CLUSTER_ARCH, {0, 0}, true, TEMPLATE ":1351"},
	{TRAIT_POD_HAS_CLUSTER_ARCH, {2, 0}, false, TEMPLATE ":1470"},
	{TRAIT_PINNING, {0, 0}, PINNING_LIMITS, RENDER ":191"},
	{TRAIT_PINNING, {1, 1}, PINNING_EVEN, RENDER ":202"},
	{TRAIT_PINNING, {5, 0}, PINNING_IO_THREADS, RENDER ":225"},
	{TRAIT_PINNING, {5, 2}, PINNING_BOTH, RENDER ":210"},
	{TRAIT_CONSOLE_LOG, {1, 0}, CONSOLE_LOG_CONTAINER, TEMPLATE ":474"},
	{TRAIT_CONSOLE_LOG, {6, 0}, CONSOLE_LOG_INIT, TEMPLATE ":567"},
	{TRAIT_VIRTIOFS_HEEDS_QOS,
	 {1, 0},
	 true,
	 "pkg/virt-controller/services/virtiofs.go:30"},
	{TRAIT_SLIRP_SIDECAR,
	 {1, 0},
	 true,
	 "pkg/network/netbinding/netbinding.go:90"},
	{TRAIT_SLIRP_SIDECAR,
	 {3, 0},
	 false,
	 "pkg/network/netbinding/netbinding.go:30"},
	{TRAIT_BINDING_SIDECAR,
	 {1, 0},
	 true,
	 "pkg/network/netbinding/netbinding.go:54"},
	{TRAIT_IMAGE_VOLUME, {6, 0}, IMAGE_VOLUME_BARE, TEMPLATE ":496"},
	{TRAIT_IMAGE_VOLUME,
	 {7, 0},
	 IMAGE_VOLUME_INIT,
	 "pkg/container-disk/container-disk.go:480"},
	{TRAIT_IMAGE_VOLUME,
	 {9, 0},
	 IMAGE_VOLUME_DEFAULT,
	 "pkg/virt-config/featuregate/active.go:294"},
	{TRAIT_CONTAINER_PATH,
	 {8, 0},
	 true,
	 "pkg/virt-controller/services/virtiofs.go:31"},
	{TRAIT_MEMORY_QUOTA, {0, 1}, GATED_BY_GATE, TEMPLATE ":1381"},
	{TRAIT_MEMORY_QUOTA, {5, 0}, GATED_ALWAYS, TEMPLATE ":1509"},
	{TRAIT_CPU_QUOTA, {1, 0}, GATED_BY_GATE, TEMPLATE ":1421"},
	{TRAIT_CPU_QUOTA, {5, 0}, GATED_ALWAYS, TEMPLATE ":1509"},
	{TRAIT_DEVICE_CLAIMS, {6, 0}, true, RENDER ":150"},
	{TRAIT_TDX_DEVICE, {9, 0}, true, RENDER ":385"},
	{TRAIT_NETWORK_RESOURCES, {0, 0}, true, RENDER ":220"},
	{TRAIT_NETWORK_RESOURCES,
	 {9, 0},
	 false,
	 "pkg/virt-config/feature-gates.go:200"},
	{TRAIT_HOTPLUG_REQUEST_MB, {0, 0}, 80, RENDER ":634"},
	{TRAIT_HOTPLUG_REQUEST_MB, {2, 0}, 2, RENDER ":660"},

	{TRAIT_MEMLOCK, {0, 0}, MEMLOCK_REQUEST, DETECTOR ":158"},
	{TRAIT_MEMLOCK, {6, 4}, MEMLOCK_MAX_OR_REQUEST, DETECTOR ":152"},
	{TRAIT_MEMLOCK, {8, 0}, MEMLOCK_MAX_REQUEST_GUEST, KVM_RUNTIME ":113"},
	{TRAIT_MEMLOCK, {MAIN, 0}, MEMLOCK_IS_UNLIMITED, KVM_RUNTIME ":96"},
	{TRAIT_MEMLOCK_PER_DEVICE, {8, 3}, true, KVM_RUNTIME ":126"},
	{TRAIT_MEMLOCK_REQUIRED_KVM, {8, 0}, true, KVM_RUNTIME ":57"},
	{TRAIT_MEMLOCK_REQUIRED_MSHV, {MAIN, 0}, true, MSHV_RUNTIME ":55"},
	{TRAIT_TYPE_MERGES_MEMORY,
	 {7, 0},
	 true,
	 "pkg/instancetype/apply/memory.go:73"},
	{TRAIT_TYPE_HAS_MAX,
	 {3, 0},
	 true,
	 "pkg/instancetype/instancetype.go:1010"},
	{TRAIT_TYPE_SPREADS_ACROSS,
	 {3, 0},
	 true,
	 "pkg/instancetype/instancetype.go:1019"},
	{TRAIT_TOPOLOGY_NAMES,
	 {1, 0},
	 TOPOLOGY_NAMES_SPREAD,
	 "pkg/instancetype/instancetype.go:980"},
	{TRAIT_TOPOLOGY_NAMES,
	 {4, 0},
	 TOPOLOGY_NAMES_SHORT,
	 "pkg/instancetype/instancetype.go:1096"},
	{TRAIT_TYPE_IO_THREADS,
	 {7, 0},
	 true,
	 "pkg/instancetype/apply/iothreads.go:29"},
	{TRAIT_PREFERS_ARCH,
	 {7, 0},
	 true,
	 "pkg/instancetype/webhooks/vm/mutator.go:81"},
	{TRAIT_PREFERS_SECURITY,
	 {9, 0},
	 true,
	 "pkg/instancetype/preference/apply/vmi.go:34"},
	{TRAIT_HYPERVISOR_GATE,
	 {8, 0},
	 true,
	 "pkg/virt-config/feature-gates.go:200"},
};

/* Up to three digits and nothing else; what is behind them, or NULL. Tags have
 * no zeros in front of a number. */
static const char *parse_number(const char *text, int *number)
{
	size_t len = strspn(text, "0123456789"), i;

	if (!len || len > 3 || (len > 1 && *text == '0'))
		return NULL;
	*number = 0;
	for (i = 0; i < len; i++)
		*number = *number * 10 + (text[i] - '0');
	return text + len;
}

/* The patch of "1.6" is -1. A whole tag of another major is before all or behind
 * all that are known. */
static bool parse_tag(const char *name, struct kubevirt_tag *tag)
{
	int major;

	tag->patch = -1;
	name = parse_number(name + (*name == 'v'), &major);
	if (!name || *name != '.')
		return false;
	name = parse_number(name + 1, &tag->minor);
	if (name && *name == '.') {
		name = parse_number(name + 1, &tag->patch);
		if (!name || (*name && *name != '-'))
			return false;
	} else if (!name || *name) {
		return false;
	}
	if (major == 1)
		return true;
	tag->minor = major ? MAIN : -1;
	return tag->patch >= 0;
}

static int compare_tags(struct kubevirt_tag a, struct kubevirt_tag b)
{
	return a.minor != b.minor ? a.minor - b.minor : a.patch - b.patch;
}

/* The newest that is not newer; else the oldest. */
static const struct kubevirt_release *nearest(struct kubevirt_tag tag)
{
	const struct kubevirt_release *best = &releases[0];
	size_t i;

	for (i = 0; releases[i].tag.minor != MAIN; i++)
		if (compare_tags(releases[i].tag, tag) <= 0)
			best = &releases[i];
	return best;
}

const struct kubevirt_release *kubevirt_release_find(const char *name)
{
	struct kubevirt_tag tag;

	if (!strcmp(name, "main"))
		return &releases[ARRAY_SIZE(releases) - 1];
	if (!parse_tag(name, &tag))
		return NULL;
	if (tag.patch < 0)
		tag.patch = MAIN;
	return nearest(tag);
}

const char *kubevirt_release_name(const struct kubevirt_release *r)
{
	return r->name;
}

bool kubevirt_release_is_exact(const struct kubevirt_release *r,
			       const char *name)
{
	struct kubevirt_tag tag;

	if (!strcmp(name, r->name))
		return true;
	if (!parse_tag(name, &tag) || strchr(name, '-'))
		return false;
	/* The number that stands for "main" is no tag's. */
	return r->tag.minor == tag.minor && tag.minor != MAIN &&
	       (tag.patch < 0 || r->tag.patch == tag.patch);
}

const struct kubevirt_fact *kubevirt_fact(const struct kubevirt_release *r,
					  enum kubevirt_trait trait)
{
	const struct kubevirt_fact *f, *found = NULL;

	for (f = facts; f < facts + ARRAY_SIZE(facts); f++)
		if (f->trait == trait && compare_tags(r->tag, f->since) >= 0)
			found = f;
	return found;
}

int kubevirt_trait(const struct kubevirt_release *r, enum kubevirt_trait trait)
{
	const struct kubevirt_fact *f = kubevirt_fact(r, trait);

	return f ? f->value : 0;
}

bool kubevirt_release_has_hypervisor_gate(const struct kubevirt_release *r)
{
	return kubevirt_trait(r, TRAIT_HYPERVISOR_GATE);
}

size_t kubevirt_release_count(void)
{
	return ARRAY_SIZE(releases);
}

const struct kubevirt_release *kubevirt_release_at(size_t i)
{
	return &releases[i];
}

const char *kubevirt_release_names(void)
{
	return "v1.0.0 to v1.9.0, and main";
}
