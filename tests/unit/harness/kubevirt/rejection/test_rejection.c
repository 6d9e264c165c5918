// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * rejection: guests that KubeVirt's validating webhook refuses or takes, with
 * the messages of KubeVirt's own code, which ci/kubevirt-oracle prints; and
 * what it says beside them.
 */
#include "tests/unit/test.h"

#include "harness/base/strbuf.h"
#include "harness/kubevirt/defaults.h"
#include "harness/kubevirt/rejection/rejection.h"
#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/guest.h"

/* SPEC is of a VirtualMachineInstance, WANT a line for each cause. */
struct row {
	const char *tag, *gates;
	const char *spec;
	const char *want;
};

static void ask(const char *tag, const char *gates, const char *spec,
		struct rejections *out)
{
	struct kubevirt_cluster c = cluster_with_gates(gates);
	const struct kubevirt_release *r = kubevirt_release_find(tag);
	char *instance;
	struct guest g;

	assert_true(asprintf(&instance, "{spec: {%s}}", spec) > 0);
	guest_read(&g, instance);
	vmi_set_defaults(&g.vmi, r, &c);
	rejections_of(&g.vmi, g.instance, r, &c, out);
	guest_release(&g);
	free(instance);
}

static void expect_rows(const struct row *rows, size_t count)
{
	size_t i, k;

	for (i = 0; i < count; i++) {
		struct strbuf got = {0};
		struct rejections out;

		ask(rows[i].tag, rows[i].gates, rows[i].spec, &out);
		for (k = 0; k < out.count; k++)
			strbuf_printf(&got, "%s: %s\n", out.rows[k].field,
				      out.rows[k].message);
		if (strcmp(strbuf_str(&got), rows[i].want) != 0)
			fail_msg("%s %s:\n%s, not\n%s", rows[i].tag,
				 rows[i].spec, strbuf_str(&got), rows[i].want);
		rejections_release(&out);
		strbuf_release(&got);
	}
}

static const struct row memory[] = {
	{"v1.9.0", "", "domain: {memory: {guest: 2Gi}}", ""},
	{"v1.0.0", "", "domain: {memory: {guest: 2}}",
	 "spec.domain.resources.requests.memory: "
	 "spec.domain.resources.requests.memory '2': must be greater than or "
	 "equal to 1M.\n"},
	{"v1.9.0", "", "domain: {resources: {requests: {memory: 512Ki}}}",
	 "spec.domain.resources.requests.memory: "
	 "spec.domain.resources.requests.memory '512Ki': must be greater than "
	 "or equal to 1M.\n"},
	{"v1.9.0", "",
	 "domain: {resources: {requests: {memory: 2048Mi}, limits: {memory: "
	 "1e9}}}",
	 "spec.domain.resources.requests.memory: "
	 "spec.domain.resources.requests.memory '2Gi' is greater than "
	 "spec.domain.resources.limits.memory '1G'\n"},
	{"v1.7.0", "",
	 "domain: {memory: {guest: 2Gi, hugepages: {pageSize: 2Mx}}}",
	 "spec.domain.hugepages.size: spec.domain.hugepages.size '2Mx': "
	 "quantities must match the regular expression "
	 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'\n"},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 1025Mi, hugepages: {pageSize: 2Mi}}}",
	 "spec.domain.resources.requests.memory: "
	 "spec.domain.resources.requests.memory '1025Mi' is not a multiple of "
	 "the page size spec.domain.hugepages.size '2Mi'\n"},
	{"v1.9.0", "",
	 "domain: {memory: {hugepages: {pageSize: 1Gi}}, resources: {limits: "
	 "{memory: 512Mi}}}",
	 "spec.domain.resources.requests.memory: "
	 "spec.domain.resources.requests.memory '0' must be equal to or larger "
	 "than page size spec.domain.memory.hugepages.pageSize '1Gi'\n"},
	{"v1.5.2", "",
	 "domain: {memory: {guest: 2Gi}, resources: {limits: {memory: 1Gi}}}",
	 "spec.domain.memory.guest: spec.domain.memory.guest '2Gi' must be "
	 "equal to or less than the memory limit "
	 "spec.domain.resources.limits.memory '1Gi'\n"},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 2Gi}, resources: {limits: {memory: 1Gi}}}",
	 ""},
	{"v1.8.2", "",
	 "domain: {memory: {guest: 1Gi, reservedOverhead: {addedOverhead: "
	 "1Mi}}}",
	 "spec.domain.memory.reservedOverhead: Reserved overhead memlock "
	 "feature gate is not enabled in kubevirt-config\n"},
};

static const struct row cpus[] = {
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {cores: 2, "
	 "dedicatedCpuPlacement: true}, resources: {requests: {cpu: 1500m}, "
	 "limits: {cpu: 1500m}}}",
	 "spec.domain.resources.requests.cpu: provided resources CPU requests "
	 "must be an interger\n"
	 "spec.domain.resources.limits.cpu: provided resources CPU limits must "
	 "be an interger\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {cores: 2, "
	 "dedicatedCpuPlacement: true}, resources: {limits: {cpu: 3}}}",
	 "spec.domain.cpu.dedicatedCpuPlacement: "
	 "spec.domain.resources.requests.cpu or "
	 "spec.domain.resources.limits.cpu must not be provided at the same "
	 "time with spec.domain.cpu.cores when DedicatedCPUPlacement is true \n"},
	{"v1.2.2", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {isolateEmulatorThread: true, "
	 "numa: {guestMappingPassthrough: {}}}}",
	 "spec.domain.cpu.numa.guestMappingPassthrough: NUMA feature gate is "
	 "not enabled in kubevirt-config, invalid entry "
	 "spec.domain.cpu.numa.guestMappingPassthrough\n"
	 "spec.domain.cpu.numa.guestMappingPassthrough: "
	 "spec.domain.cpu.dedicatedCpuPlacement must be set to true when NUMA "
	 "topology strategy is set in "
	 "spec.domain.cpu.numa.guestMappingPassthrough\n"
	 "spec.domain.cpu.numa.guestMappingPassthrough: "
	 "spec.domain.memory.hugepages must be requested when NUMA topology "
	 "strategy is set in spec.domain.cpu.numa.guestMappingPassthrough\n"
	 "spec.domain.cpu.isolateEmulatorThread: IsolateEmulatorThread should "
	 "be only set in combination with DedicatedCPUPlacement\n"},
	{"v1.4.0", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {realtime: {}, threads: 3, "
	 "dedicatedCpuPlacement: true}}",
	 "spec.domain.cpu.dedicatedCpuPlacement: Not more than two threads "
	 "must be provided at spec.domain.cpu.threads (got 3) when "
	 "DedicatedCPUPlacement is true\n"
	 "spec.domain.cpu.numa.guestMappingPassthrough: "
	 "spec.domain.cpu.numa.guestMappingPassthrough must be defined when "
	 "spec.domain.cpu.realtime is used\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {sockets: 3, maxSockets: 2, "
	 "features: [{name: apic, policy: maybe}]}}",
	 "spec.domain.cpu.features[0].policy: CPU feature apic uses policy "
	 "maybe that is not supported.\n"
	 "spec.domain.cpu.sockets: Number of sockets in CPU topology is "
	 "greater than the maximum sockets allowed\n"},
	{"v1.5.2", "",
	 "domain: {memory: {guest: 2Gi}, machine: {type: my-q35-machine}}", ""},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 2Gi}, machine: {type: my-q35-machine}}",
	 "spec.domain.machine.type: spec.domain.machine.type is not supported: "
	 "my-q35-machine (allowed values: [q35* pc-q35*])\n"},
	{"v1.7.0", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {cores: 1}}, architecture: arm64",
	 "spec.architecture: MultiArchitecture feature gate is not enabled in "
	 "kubevirt-config, invalid entry spec.architecture\n"},
	{"v1.8.0", "",
	 "domain: {memory: {guest: 2Gi}, cpu: {cores: 1}}, architecture: arm64",
	 ""},
};

static const struct row networks[] = {
	{"v1.0.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, passt: {}}]}}, networks: [{name: default, pod: {}}]",
	 "spec.domain.devices.interfaces[0].name: Passt feature gate is not "
	 "enabled\n"},
	{"v1.0.0", "Passt",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, passt: {}}]}}, networks: [{name: default, pod: {}}]",
	 ""},
	{"v1.8.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, passt: {}}]}}, networks: [{name: default, pod: {}}]",
	 ""},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, passt: {}}]}}, networks: [{name: default, pod: {}}]",
	 "spec.domain.devices.interfaces[0]: logical default interface must "
	 "have exactly one binding method or binding plugin\n"},
	{"v1.2.2", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, binding: {name: plug}}]}}, networks: [{name: default, pod: "
	 "{}}]",
	 "spec.domain.devices.interfaces[0].name: Binding plugins feature gate "
	 "is not enabled\n"},
	{"v1.8.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, passtBinding: {}}]}}, networks: [{name: default, pod: {}}]",
	 "spec.domain.devices.interfaces[0].name: PasstBinding feature gate is "
	 "not enabled\n"},
	{"v1.2.2", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: a, "
	 "bridge: {}}]}}, networks: [{name: a, pod: {}}, {name: b, pod: {}}, "
	 "{name: c, multus: {networkName: \"\"}}]",
	 "spec.networks[2]: CNI delegating plugin must have a networkName\n"
	 "spec.networks[1].name: spec.networks[1].name 'b' not found.\n"
	 "spec.networks[2].name: spec.networks[2].name 'c' not found.\n"},
	{"v1.4.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: a, "
	 "bridge: {}}]}}, networks: [{name: a, pod: {}}, {name: b, pod: {}}, "
	 "{name: c, multus: {networkName: \"\"}}]",
	 "spec.interfaces: more than one interface is connected to a pod "
	 "network in spec.interfaces\n"
	 "spec.networks[2]: CNI delegating plugin must have a networkName\n"
	 "spec.networks[1].name: spec.networks[1].name 'b' not found.\n"
	 "spec.networks[2].name: spec.networks[2].name 'c' not found.\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, masquerade: {}, model: none, macAddress: "
	 "\"02:00:00:00:00:00\", pciAddress: x, state: gone, ports: [{port: "
	 "65536, name: A}, {protocol: ICMP}]}]}}, networks: [{name: default, "
	 "pod: {}}]",
	 "spec.domain.devices.interfaces[0].state: logical default interface "
	 "state value is unsupported: gone\n"
	 "spec.domain.devices.interfaces[0].macAddress: The requested MAC "
	 "address is reserved for the in-pod bridge. Please choose another "
	 "one.\n"
	 "spec.domain.devices.interfaces[0].model: interface "
	 "spec.domain.devices.interfaces[0].name uses model none that is not "
	 "supported.\n"
	 "spec.domain.devices.interfaces[0].pciAddress: interface "
	 "spec.domain.devices.interfaces[0].name has malformed PCI address "
	 "(x).\n"
	 "spec.domain.devices.interfaces[0].ports[0].name: Invalid name of the "
	 "port: A\n"
	 "spec.domain.devices.interfaces[0].ports[0].port: Port field must be "
	 "in range 0 < x < 65536.\n"
	 "spec.domain.devices.interfaces[0].ports[1].port: Port field is "
	 "mandatory.\n"
	 "spec.domain.devices.interfaces[0].ports[1].protocol: Unknown "
	 "protocol, only TCP or UDP allowed\n"},
	{"v1.2.2", "",
	 "domain: {memory: {guest: 2Gi}, devices: {interfaces: [{name: "
	 "default, bridge: {}, dhcpOptions: {privateOptions: [{option: 230, "
	 "value: a}, {option: 230, value: b}]}}]}}, networks: [{name: default, "
	 "pod: {}}], livenessProbe: {}",
	 "spec: Found Duplicates: you have provided duplicate "
	 "DHCPPrivateOptions\n"},
};

static const struct row disks_and_volumes[] = {
	{"v1.5.2", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: cd, cdrom: "
	 "{}}]}}",
	 "spec.domain.devices.disks[0].name: spec.domain.devices.disks[0].Name "
	 "'cd' not found.\n"},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: cd, cdrom: "
	 "{}}]}}",
	 "spec.domain.devices.disks[0].name: DeclarativeHotplugVolumes feature "
	 "gate not enabled, cannot define an empty CD-ROM disk\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: cd, cdrom: "
	 "{}}]}}",
	 ""},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: a, disk: "
	 "{bus: virtio}}, {name: a, disk: {readonly: true}, bootOrder: 0, "
	 "cache: all}]}}, volumes: [{name: a, emptyDisk: {capacity: 1Gi}}]",
	 "spec.domain.devices.disks[1].name: spec.domain.devices.disks[1] and "
	 "spec.domain.devices.disks[0] must not have the same Name.\n"
	 "spec.domain.devices.disks[1].bootOrder: spec.domain.devices.disks[1] "
	 "must have a boot order > 0, if supplied\n"
	 "spec.domain.devices.disks[1].disk.bus: sata hard-disks do not "
	 "support read-only.\n"
	 "spec.domain.devices.disks[1].cache: "
	 "spec.domain.devices.disks[1].cache has invalid value all\n"},
	{"v1.1.1", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: A, lun: "
	 "{bus: ide}, dedicatedIOThread: true, io: fast}]}}, volumes: [{name: "
	 "A, secret: {}}]",
	 "spec.domain.devices.disks[0].lun: spec.domain.devices.disks[0].lun "
	 "can only be mapped to a DataVolume or PersistentVolumeClaim volume.\n"
	 "spec.domain.devices.disks[0].lun.bus: IDE bus is not supported\n"
	 "spec.domain.devices.disks.domain.devices.disks[0].io: Disk IO mode "
	 "for spec.domain.devices.disks.domain.devices.disks[0].io is not "
	 "supported. Supported modes are: native, threads.\n"
	 "spec.domain.devices.disks.domain.devices.disks[0].name: a lowercase "
	 "RFC 1123 label must consist of lower case alphanumeric characters or "
	 "'-', and must start and end with an alphanumeric character (e.g. "
	 "'my-name',  or '123-abc', regex used for validation is "
	 "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
	 "spec.volumes[0].secret.secretName: spec.volumes[0].secret.secretName "
	 "is a required field\n"},
	{"v1.7.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: a, disk: {}, "
	 "blockSize: {custom: {logical: 1024, physical: 4096}}}]}}, volumes: "
	 "[{name: a, emptyDisk: {capacity: 1Gi}}]",
	 "spec.domain.devices.disks[0].blockSize.custom.logical: Logical size "
	 "1024 must be 512 for SATA devices\n"},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {disks: [{name: a, disk: {}, "
	 "blockSize: {custom: {logical: 1000, physical: 4096}}}]}}, volumes: "
	 "[{name: a, emptyDisk: {capacity: 1Gi}}]",
	 "spec.domain.devices.disks[0].blockSize.custom.logical: Provided size "
	 "of 1000 is not a power of 2\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {}}, volumes: [{name: a, "
	 "hostDisk: {path: /x, type: Disk, capacity: 1Gi}}, {name: b, "
	 "cloudInitNoCloud: {userDataBase64: x, userData: hello}}, {name: c, "
	 "containerDisk: {image: i, path: /a/../b}}, {name: d, "
	 "downwardMetrics: {}}]",
	 "spec.domain.devices.disks[3].disk.bus: DownwardMetrics volume must "
	 "be mapped to virtio bus, but spec.domain.devices.disks[3].disk.bus "
	 "is set to sata\n"
	 "spec.volumes[0]: HostDisk feature gate is not enabled\n"
	 "spec.volumes[0].hostDisk.capacity: spec.volumes[0].hostDisk.capacity "
	 "is allowed to pass only with spec.volumes[0].hostDisk.type equal to "
	 "'DiskOrCreate'\n"
	 "spec.volumes[1].cloudInitNoCloud.userDataBase64: "
	 "spec.volumes[1].cloudInitNoCloud.userDataBase64.cloudInitNoCloud.user"
	 "DataBase64 is not a valid base64 value.\n"
	 "spec.volumes[1].cloudInitNoCloud: spec.volumes[1].cloudInitNoCloud "
	 "must have only one userdatasource set.\n"
	 "spec.volumes[3]: downwardMetrics disks are not allowed: "
	 "DownwardMetrics feature gate is not enabled.\n"
	 "spec.volumes[2].containerDisk: spec.volumes[2].containerDisk must be "
	 "an absolute path to a file without relative components\n"},
	{"v1.7.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {filesystems: [{name: p, "
	 "virtiofs: {}}]}}, volumes: [{name: p, containerPath: {path: /p}}]",
	 "spec.volumes[0]: spec.volumes[0] must have exactly one source type "
	 "set\n"},
	{"v1.8.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {filesystems: [{name: p, "
	 "virtiofs: {}}]}}, volumes: [{name: p, containerPath: {path: /p}}]",
	 ""},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {filesystems: [{name: p, "
	 "virtiofs: {}}]}}, volumes: [{name: p, persistentVolumeClaim: "
	 "{claimName: p}}]",
	 "spec.domain.devices.filesystems: virtiofs is not allowed: virtiofs "
	 "feature gate is not enabled for PVC\n"},
};

static const struct row devices[] = {
	{"v1.2.2", "",
	 "domain: {memory: {guest: 2Gi}, devices: {gpus: [{name: g, "
	 "deviceName: a/b}]}}",
	 "spec.GPUs: GPU feature gate is not enabled in kubevirt-config\n"},
	{"v1.4.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {gpus: [{name: g, "
	 "deviceName: a/b}]}}",
	 ""},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {hostDevices: [{name: h, "
	 "deviceName: a/b}]}}",
	 "spec.HostDevices: Host Devices feature gate is not enabled in "
	 "kubevirt-config\n"},
	{"v1.7.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {gpus: [{name: g, claimName: "
	 "c, requestName: r}]}}",
	 "spec.spec.domain.devices.gpus: vmi.spec.domain.devices.gpus contains "
	 "DRA enabled GPUs but feature gate is not enabled\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {gpus: [{name: g, claimName: "
	 "c, requestName: r}, {name: h, claimName: c, requestName: r}]}}, "
	 "resourceClaims: [{name: d, resourceClaimName: x}]",
	 "spec.domain.devices.gpus[1]: duplicate claimName/requestName pair "
	 "\"c/r\"\n"
	 "spec.resourceClaims: vmi.spec.resourceClaims must specify all claims "
	 "used in vmi.spec.domain.devices.gpus and "
	 "vmi.spec.domain.devices.hostDevices\n"},
	{"v1.5.2", "",
	 "domain: {memory: {guest: 2Gi}, launchSecurity: {snp: {}}}",
	 "spec.launchSecurity: WorkloadEncryptionSEV feature gate is not "
	 "enabled in kubevirt-config\n"},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 2Gi}, launchSecurity: {snp: {}}}", ""},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, launchSecurity: {sev: {}}}",
	 "spec.launchSecurity: SEV requires OVMF (UEFI)\n"},
	{"v1.8.0", "WorkloadEncryptionTDX",
	 "domain: {memory: {guest: 2Gi}, launchSecurity: {tdx: {}}, features: "
	 "{smm: {}}, firmware: {bootloader: {efi: {persistent: true}}}}",
	 "spec.launchSecurity: TDX does not work along with SMM\n"
	 "spec.launchSecurity: TDX does not work along with Persistent EFI "
	 "variables\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, firmware: {bootloader: {efi: {}}}}",
	 "spec.domain: spec.domain has EFI SecureBoot enabled. SecureBoot "
	 "requires SMM, which is currently disabled.\n"},
	{"v1.5.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {tpm: {persistent: true}, "
	 "autoattachVSOCK: true, video: {type: vga}}}",
	 "spec.domain.devices.autoattachVSOCK: VSOCK feature gate is not "
	 "enabled in kubevirt-config\n"
	 "spec.domain.devices.tpm.persistent: VMPersistentState feature gate "
	 "is not enabled in kubevirt-config\n"},
	{"v1.6.0", "",
	 "domain: {memory: {guest: 2Gi}, devices: {tpm: {persistent: true}, "
	 "video: {type: vga}, panicDevices: [{model: isa}]}}",
	 "spec.video: Video configuration is specified but the VideoConfig "
	 "feature gate is not enabled\n"
	 "spec.domain.devices.panicDevices: Panic Devices feature gate is not "
	 "enabled in kubevirt-config\n"},
	{"v1.9.0", "",
	 "domain: {memory: {guest: 2Gi}, ioThreadsPolicy: supplementalPool, "
	 "devices: {sound: {name: s, model: sb16}, inputs: [{name: i, type: "
	 "mouse}]}}, startStrategy: Paused, livenessProbe: {httpGet: {port: "
	 "80}, exec: {command: [a]}}, evictionStrategy: Never",
	 "spec.startStrategy: either spec.startStrategy or spec.livenessProbe "
	 "should be provided.Pausing VMI with LivenessProbe is not supported\n"
	 "spec.domain.devices.inputs[0].type: Input device can have only "
	 "tablet type.\n"
	 "spec.domain.ioThreads.count: the number of iothreads needs to be set "
	 "and positive for the dedicated policy\n"
	 "spec.livenessProbe: spec.livenessProbe must have exactly one probe "
	 "type set\n"
	 "spec.evictionStrategy: spec.evictionStrategy is set with an "
	 "unrecognized option: Never\n"
	 "spec.Sound: Sound device type is not supported. Options: 'ich9' or "
	 "'ac97'\n"},
	{"v1.4.0", "",
	 "domain: {memory: {guest: 2Gi}, ioThreadsPolicy: supplementalPool}, "
	 "hostname: A, accessCredentials: [{userPassword: {source: {}, "
	 "propagationMethod: {}}}]",
	 "spec.hostname: spec.hostname does not conform to the kubernetes "
	 "DNS_LABEL rules : a lowercase RFC 1123 label must consist of lower "
	 "case alphanumeric characters or '-', and must start and end with an "
	 "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
	 "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
	 "spec.domain.ioThreadsPolicy: Invalid IOThreadsPolicy "
	 "(supplementalPool)\n"
	 "spec.accessCredentials[0].userPassword.source: "
	 "spec.accessCredentials[0] must have exactly one source set\n"
	 "spec.accessCredentials[0].userPassword.propagationMethod: "
	 "spec.accessCredentials[0] must have exactly one propagationMethod "
	 "set\n"},
};

static void memory_is_asked_for(void **state)
{
	(void)state;
	expect_rows(memory, ARRAY_SIZE(memory));
}

static void cpus_are_asked_for(void **state)
{
	(void)state;
	expect_rows(cpus, ARRAY_SIZE(cpus));
}

static void networks_are_asked_for(void **state)
{
	(void)state;
	expect_rows(networks, ARRAY_SIZE(networks));
}

static void disks_and_volumes_are_asked_for(void **state)
{
	(void)state;
	expect_rows(disks_and_volumes, ARRAY_SIZE(disks_and_volumes));
}

static void devices_are_asked_for(void **state)
{
	(void)state;
	expect_rows(devices, ARRAY_SIZE(devices));
}

/* A page of no bytes, a guest without memory, half a claim: refused without a cause. */
static void failures_of_the_webhook_are_refusals(void **state)
{
	static const char page[] =
		"domain: {memory: {guest: 2Gi, hugepages: {pageSize: \"0\"}}}";
	static const char pinned[] =
		"domain: {cpu: {cores: 2, dedicatedCpuPlacement: true}}";
	static const char claim[] = "domain: {memory: {guest: 2Gi}, devices:"
				    " {gpus: [{name: g, requestName: r}]}}";
	static const struct {
		const char *tag, *spec, *words;
	} cases[] = {
		{"v1.0.0", page, "a page size of 0"},
		{"v1.9.0", page, "a page size of 0"},
		{"v1.6.4", pinned, "missing"},
		{"v1.7.0", pinned, "missing"},
		{"v1.7.0", claim, "claimName"},
	};
	struct rejections out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ask(cases[i].tag, "GPUsWithDRA", cases[i].spec, &out);
		assert_int_equal(out.count, 1);
		assert_true(out.rows[0].is_beyond_spec);
		assert_contains(out.rows[0].message, cases[i].words);
		rejections_release(&out);
	}
	/* v1.7.4 asks whether it is there. */
	ask("v1.7.4", "", pinned, &out);
	assert_int_equal(out.count, 2);
	assert_false(out.rows[0].is_beyond_spec);
	rejections_release(&out);
}

/* ValidateVirtualMachineInstanceMandatoryFields() comes behind the others. */
static void memory_that_is_not_requested_is_said_apart(void **state)
{
	static const char *const tags[] = {"v1.0.0", "v1.6.0", "v1.9.0"};
	struct rejections out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		ask(tags[i], "", "domain: {cpu: {cores: 1}}", &out);
		assert_int_equal(out.count, 1);
		assert_true(out.rows[0].is_beyond_spec);
		assert_string_equal(out.rows[0].field, "");
		assert_contains(out.rows[0].message, "no memory requested");
		rejections_release(&out);
	}
}

/* Tags that cannot be linked as a library, by their source. */
static void tags_between_have_their_own_rules(void **state)
{
	static const char serial[] =
		"domain: {memory: {guest: 1Gi}, firmware: {serial: \"a b\"}}";
	static const char thread[] =
		"domain: {memory: {guest: 1Gi}, devices: {disks:"
		" [{name: d, disk: {bus: scsi}, dedicatedIOThread: true}]}},"
		" volumes: [{name: d, emptyDisk: {capacity: 1Gi}}]";
	static const char mixed[] =
		"domain: {memory: {guest: 1Gi}, devices: {gpus:"
		" [{name: a, claimName: c, requestName: r},"
		" {name: b, deviceName: x/y}]}},"
		" resourceClaims: [{name: c, resourceClaimName: c}]";
	static const struct {
		const char *tag, *spec;
		size_t count;
	} cases[] = {
		{"v1.5.2", serial, 1}, {"v1.5.3", serial, 0},
		{"v1.2.0", thread, 0}, {"v1.2.1", thread, 1},
		{"v1.8.2", mixed, 0},  {"v1.8.3", mixed, 1},
		{"main", mixed, 1},
	};
	struct rejections out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ask(cases[i].tag, "GPUsWithDRA", cases[i].spec, &out);
		assert_int_equal(out.count, cases[i].count);
		rejections_release(&out);
	}
}

/* Each pair of equal names is a cause, and a manifest may have many. */
static void causes_are_limited(void **state)
{
	struct strbuf spec = {0};
	struct rejections out;
	int i;

	(void)state;
	strbuf_puts(&spec, "domain: {memory: {guest: 1Gi}, devices: {disks: [");
	for (i = 0; i < 200; i++)
		strbuf_printf(&spec, "%s{name: a, disk: {}}", i ? ", " : "");
	strbuf_puts(&spec, "]}}, volumes: [{name: a, emptyDisk: {}}]");
	ask("v1.9.0", "", strbuf_str(&spec), &out);
	assert_int_equal(out.count, 1000);
	rejections_release(&out);
	strbuf_release(&spec);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_asked_for),
		cmocka_unit_test(cpus_are_asked_for),
		cmocka_unit_test(networks_are_asked_for),
		cmocka_unit_test(disks_and_volumes_are_asked_for),
		cmocka_unit_test(devices_are_asked_for),
		cmocka_unit_test(failures_of_the_webhook_are_refusals),
		cmocka_unit_test(memory_that_is_not_requested_is_said_apart),
		cmocka_unit_test(tags_between_have_their_own_rules),
		cmocka_unit_test(causes_are_limited),
	};

	return RUN_TESTS(tests);
}
