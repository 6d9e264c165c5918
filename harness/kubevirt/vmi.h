/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_VMI_H
#define HARNESS_KUBEVIRT_VMI_H

/*
 * vmi - the fields of a VirtualMachineInstance that KubeVirt's memory formula,
 * its webhook's defaults, the pod and the memlock limit depend on
 * (kubevirt.io/api/core/v1, schema.go). Names are borrowed from where they were
 * read. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/kubevirt/resources.h"

struct err;
struct kubevirt_release;
struct yaml_value;

/* A Go *bool: absent is neither. */
enum vmi_flag {
	FLAG_UNSET,
	FLAG_FALSE,
	FLAG_TRUE,
};

struct vmi_interface {
	const char *name, *model, *plugin; /* plugin: binding.name */
	bool has_sriov, has_passt, has_passt_binding, has_slirp, has_ports;
};

struct vmi_network {
	const char *name, *attachment; /* multus.networkName */
};

struct vmi_device {
	const char *resource; /* deviceName; "" */
	bool has_claim;
};

struct vmi_volume {
	const char *name;
	bool is_container_disk, is_downward_metrics, is_container_path;
	bool is_hotpluggable;
};

/* Fields of which only matters that they are there: an instance type must not
 * set them again. */
enum vmi_given {
	GIVEN_CPU_MODEL = 1 << 0,
	GIVEN_NODE_SELECTOR = 1 << 1,
	GIVEN_SCHEDULER = 1 << 2,
	GIVEN_IO_POLICY = 1 << 3,
	GIVEN_DEDICATED = 1 << 4, /* by an instance type, true or false */
	GIVEN_ISOLATED = 1 << 5,
	GIVEN_NUMA = 1 << 6,
};

struct vmi {
	unsigned int given;       /* enum vmi_given */
	const char *name, *space; /* metadata; "" */
	char arch[16];            /* "": the cluster's */

	struct resources requests, limits; /* domain.resources */
	bool overcommits_guest_overhead;

	bool has_cpu;
	uint32_t cores, sockets, threads, max_sockets;
	bool has_dedicated_cpus, isolates_emulator, is_realtime;
	bool has_numa_passthrough, has_even_parity;
	bool has_io_thread_pool; /* ioThreadsPolicy: supplementalPool */
	uint32_t io_thread_count;

	bool has_memory, has_hugepages;
	const char *page_size; /* as it is written */
	struct amount guest, max_guest, added_overhead;
	bool requires_memlock;

	enum vmi_flag graphics, serial_console, serial_log, pod_interface,
		vsock;
	bool has_tpm;
	enum vmi_flag tpm_enabled;
	bool has_sev, has_snp, has_tdx, has_launch_security;
	bool has_liveness_exec, has_readiness_exec;
	bool has_kernel_boot, has_reservation;
	size_t sidecar_count; /* of the annotation */

	/* Owned. */
	struct vmi_interface *interfaces;
	struct vmi_network *networks;
	struct vmi_device *host_devices, *gpus;
	struct vmi_volume *volumes;
	const char **filesystems;
	size_t interface_count, network_count, host_device_count, gpu_count,
		volume_count, filesystem_count;
};

void vmi_release(struct vmi *v);

/* A copy that owns its own lists. */
struct vmi vmi_copy(const struct vmi *v);

/*
 * INSTANCE is a VirtualMachineInstance, or the template of one: what it does
 * not have stays as it is in V, so that V may hold an instance type's fields.
 * -EINVAL: a field is of another type, with its line. Names last as long as
 * INSTANCE.
 */
int vmi_read(struct vmi *v, const struct yaml_value *instance, struct err *err);

/* A guest of RAM_BYTES requested, with VFIO_COUNT host devices and no
 * graphics. For vmi_release(). */
struct vmi vmi_of_shape(int64_t ram_bytes, uint32_t vcpu_count,
			size_t vfio_count);

size_t vmi_vfio_count(const struct vmi *v); /* host devices, GPUs, SR-IOV */

/* GetNumberOfVCPUs() (pkg/util/hardware); 0 without a topology. */
int64_t vmi_vcpu_count(const struct vmi *v);

bool vmi_has_passt_binding(const struct vmi *v);

/* WantsToHaveQOSGuaranteed(): requests equal limits, of CPUs and memory. */
bool vmi_is_guaranteed(const struct vmi *v, const struct kubevirt_release *r);

#endif
