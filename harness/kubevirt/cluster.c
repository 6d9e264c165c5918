// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/kubevirt/cluster.h"

#include <string.h>

#include "harness/base/base.h"
#include "harness/kubevirt/release.h"

const char *hypervisor_name(enum hypervisor_kind kind)
{
	return kind == HYPERVISOR_KVM ? "kvm" : "hyperv-direct";
}

struct kubevirt_cluster kubevirt_cluster_default(void)
{
	return (struct kubevirt_cluster){
		.overcommit_percent = 100,
		.max_hotplug_ratio = 4,
		.cpu_allocation_ratio = 10,
	};
}

bool kubevirt_cluster_has_gate(const struct kubevirt_cluster *c,
			       const char *gate)
{
	const char *p = c->gates;
	size_t len = strlen(gate);

	while (*p) {
		size_t n = strcspn(p, ",");

		if (n == len && !memcmp(p, gate, n))
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

/* Every gate that a tag from v1.0.0 to v1.9.0 has (pkg/virt-config). */
static const char *const gates[] = {
	"AlignCPUs",
	"AutoResourceLimitsGate",
	"BochsDisplayForEFIGuests",
	"CPUManager",
	"CPUNodeDiscovery",
	"ClusterProfiler",
	"CommonInstancetypesDeploymentGate",
	"ConfigurableHypervisor",
	"ContainerPathVolumes",
	"CrossArchitectureVirtualization",
	"DecentralizedLiveMigration",
	"DeclarativeHotplugVolumes",
	"DisableCustomSELinuxPolicy",
	"DisableMDEVConfiguration",
	"DockerSELinuxMCSWorkaround",
	"DownwardMetrics",
	"DynamicPodInterfaceNaming",
	"EnableVirtioFsConfigVolumes",
	"EnableVirtioFsStorageVolumes",
	"ExpandDisks",
	"ExperimentalIgnitionSupport",
	"ExperimentalVirtiofsSupport",
	"ExternalNetResourceInjection",
	"FirmwareAutoSelection",
	"GPU",
	"GPUsWithDRA",
	"GraceIOVirtualization",
	"HostDevices",
	"HostDevicesWithDRA",
	"HostDisk",
	"HotplugNICs",
	"HotplugVolumes",
	"HyperVLayered",
	"HypervStrictCheck",
	"IOMMUFD",
	"ImageVolume",
	"IncrementalBackup",
	"InstancetypeReferencePolicy",
	"KubevirtSeccompProfile",
	"LibvirtHooksServerAndClient",
	"LiveMigration",
	"LiveUpdateNADRef",
	"Macvtap",
	"MigrationPriorityQueue",
	"MigrationStallDetection",
	"MultiArchitecture",
	"NUMA",
	"NetworkBindingPlugins",
	"NetworkDevicesWithDRA",
	"NodeRestriction",
	"NonRoot",
	"NonRootExperimental",
	"OCIExport",
	"ObjectGraph",
	"OptOutRoleAggregation",
	"PCINUMAAwareTopology",
	"PSA",
	"PanicDevices",
	"Passt",
	"PasstBinding",
	"PasstIPStackMigration",
	"PersistentReservation",
	"Plugins",
	"PodSecondaryInterfaceNamingUpgrade",
	"PortRangesSpec",
	"RebootPolicy",
	"ReservedOverheadMemlock",
	"Root",
	"SRIOVLiveMigration",
	"SecureExecution",
	"Sidecar",
	"Snapshot",
	"Template",
	"UtilityVolumes",
	"VGPULiveMigration",
	"VMExport",
	"VMLiveUpdateFeatures",
	"VMPersistentState",
	"VMStatsCollector",
	"VSOCK",
	"VideoConfig",
	"VmiMemoryOverheadReport",
	"VolumeMigration",
	"VolumesUpdateStrategy",
	"WorkloadEncryptionSEV",
	"WorkloadEncryptionTDX",
};

const char *kubevirt_cluster_unknown_gate(const struct kubevirt_cluster *c,
					  size_t *len)
{
	const char *p = c->gates;
	size_t i;

	while (*p) {
		*len = strcspn(p, ",");
		for (i = 0; i < ARRAY_SIZE(gates); i++)
			if (strlen(gates[i]) == *len &&
			    !memcmp(gates[i], p, *len))
				break;
		if (i == ARRAY_SIZE(gates))
			return p;
		p += *len + (p[*len] == ',');
	}
	return NULL;
}

bool kubevirt_cluster_hotplugs(const struct kubevirt_cluster *c,
			       const struct kubevirt_release *r)
{
	bool is_asked = c->rollout == ROLLOUT_LIVE_UPDATE;

	switch ((enum kubevirt_hotplug)kubevirt_trait(r, TRAIT_HOTPLUG)) {
	case HOTPLUG_NEVER:
		return false;
	case HOTPLUG_BY_GATE:
		return is_asked &&
		       kubevirt_cluster_has_gate(c, "VMLiveUpdateFeatures");
	case HOTPLUG_IF_ASKED:
		return is_asked;
	case HOTPLUG_BY_DEFAULT:
	default:
		return c->rollout != ROLLOUT_STAGE;
	}
}

bool kubevirt_cluster_logs_console(const struct kubevirt_cluster *c,
				   const struct kubevirt_release *r)
{
	return kubevirt_trait(r, TRAIT_CONSOLE_LOG) && !c->has_no_console_log;
}

json_t *kubevirt_cluster_to_json(const struct kubevirt_cluster *c,
				 const struct kubevirt_release *r)
{
	return json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:b, s:b, s:b, s:s}",
		"hypervisor", hypervisor_name(c->hypervisor), "arch",
		c->arch[0] ? c->arch : "amd64, or the guest's",
		"additionalGuestMemoryOverheadRatio", c->ratio,
		"memoryOvercommit", (json_int_t)c->overcommit_percent,
		"vmRolloutStrategy",
		kubevirt_cluster_hotplugs(c, r) ? "LiveUpdate" : "Stage",
		"maxHotplugRatio", (json_int_t)c->max_hotplug_ratio,
		"cpuAllocationRatio", (json_int_t)c->cpu_allocation_ratio,
		"guestConsoleLog", kubevirt_cluster_logs_console(c, r),
		"quotaLimitsMemory", c->has_memory_quota, "quotaLimitsCpu",
		c->has_cpu_quota, "featureGates", c->gates);
}
