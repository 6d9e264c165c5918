/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_KUBEVIRT_NODE_NODEPROBE_H
#define HARNESS_KUBEVIRT_NODE_NODEPROBE_H

/*
 * nodeprobe - the raw facts about a node that KubeVirt needs. It only reads: it
 * loads no module and operates no device. prereq interprets the facts.
 */
#include <stdbool.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/core/hostprobe.h"
#include "harness/core/pci_host.h"

enum node_device_id {
	DEVICE_KVM,
	DEVICE_MSHV,
	DEVICE_VFIO,
	DEVICE_VHOST_NET,
	DEVICE_TUN,
	DEVICE_VHOST_VSOCK,
	DEVICE_IOMMU,
	DEVICE_COUNT,
};

struct node_device_kind {
	const char *path;
	const char *misc_name; /* in /proc/misc; all are misc devices */
};

extern const struct node_device_kind node_devices[DEVICE_COUNT];

#define MISC_NONE (-1)    /* no driver has registered it */
#define MISC_UNKNOWN (-2) /* /proc/misc cannot be read */

struct node_device {
	bool is_there;
	bool is_char;
	bool can_open;
	unsigned int mode, uid, gid, major, minor;
	char owner[32], group[32]; /* "?" where they have no name */
	int misc_minor;            /* or MISC_... */
	char reason[160];          /* "" where it can be opened */
};

enum node_option_id {
	OPTION_KVM,
	OPTION_KVM_INTEL,
	OPTION_KVM_AMD,
	OPTION_KVM_PVM,
	OPTION_KVM_HYPERV,
	OPTION_MSHV_ROOT,
	OPTION_HYPERV,
	OPTION_VFIO,
	OPTION_VFIO_PCI,
	OPTION_VFIO_IOMMU_TYPE1,
	OPTION_VFIO_NOIOMMU,
	OPTION_IOMMUFD,
	OPTION_CGROUPS,
	OPTION_MEMCG,
	OPTION_COUNT,
};

struct node_option {
	const char *name;
	const char *use; /* what needs it */
};

extern const struct node_option node_options[OPTION_COUNT];

enum node_program_id {
	PROGRAM_QEMU,
	PROGRAM_VIRSH,
	PROGRAM_LIBVIRTD,
	PROGRAM_VIRTQEMUD,
	PROGRAM_COUNT,
};

extern const char *const node_program_names[PROGRAM_COUNT];

struct node_program {
	char line[128];   /* the first that it prints; "" if it does not run */
	char reason[160]; /* why not */
};

/* Where to look. Facts that no file has are given. */
struct node_source {
	const char *root; /* before every path; "" for this host */
	enum partition_type partition;
	enum kernel_log kernel_log;
	char kernel_release[65];
	enum grade grade;
	bool has_vmx_or_svm;
	uint64_t memlock_bytes; /* UINT64_MAX: unlimited */
	/* Borrowed; NULL: not asked. */
	const char *programs[PROGRAM_COUNT];
};

#define NODE_MAX_FUNCTIONS 64

struct node {
	enum partition_type partition;
	enum kernel_log kernel_log;
	struct node_device devices[DEVICE_COUNT];
	int kvm_api_version; /* or a negative errno */
	char kernel_release[65];
	char config_source[160]; /* "" where there is none, with the reason */
	char config_reason[320];
	char options[OPTION_COUNT][16]; /* "y", "m"; "" where it is not set */
	const char *kvm_module;         /* "" where none is loaded */
	enum grade kvm_grade;
	struct node_program programs[PROGRAM_COUNT];
	char accelerators[160]; /* of QEMU, between blanks: " tcg kvm " */
	int iommu_group_count, iommu_unit_count; /* -1: no such folder */
	/* Of the host's bus, bridges aside; more are not looked at. */
	struct pci_host functions[NODE_MAX_FUNCTIONS];
	size_t function_count;
	char vfio_modules[160];
	char noiommu[8];       /* "Y", "N"; "" where there is no such mode */
	int cgroup_version;    /* 0: none is mounted */
	bool is_cgroup_hybrid; /* v1, with an empty v2 beside it */
	bool has_memory_controller;
	uint64_t memlock_bytes;
	char hugepages_2mib[16], hugepages_1gib[16]; /* "": none possible */
};

/* This host; programs by their names in PATH. */
void node_source_of_host(struct node_source *source);

/* NODE marks missing or damaged facts as such. */
void node_gather(const struct node_source *source, struct node *node);

#endif
