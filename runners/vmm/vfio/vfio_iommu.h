/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VFIO_VFIO_IOMMU_H
#define RUNNERS_VMM_VFIO_VFIO_IOMMU_H

/*
 * vfio_iommu - what passed-through devices see as memory: a container of vfio
 * (type 1 version 2), or an address space of iommufd (linux/vfio.h,
 * Documentation/driver-api/vfio.rst and userspace-api/iommufd.rst).
 *
 * Mapped memory is pinned, and counts against RLIMIT_MEMLOCK.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct vfio_sys;

#define VFIO_MAX_DEVICES 8
/* "0000:00:05.0", with room for a domain of eight digits. */
#define VFIO_ADDRESS_BYTES 20

enum vfio_iommu_choice {
	VFIO_IOMMU_AUTO, /* the container where there is one */
	VFIO_IOMMU_CONTAINER,
	VFIO_IOMMU_FD,
};

struct vfio_group {
	char number[12];
	int fd;
};

struct vfio_iommu {
	const struct vfio_sys *sys; /* borrowed */
	bool is_iommufd;
	int fd;
	uint32_t ioas; /* of iommufd */
	struct vfio_group groups[VFIO_MAX_DEVICES];
	uint32_t group_count;
	uint64_t mapped_bytes;
};

int vfio_iommu_open(struct vfio_iommu *iommu, const struct vfio_sys *sys,
		    enum vfio_iommu_choice choice, struct err *err);

/* Unmaps everything; zeroed with an fd of -1 is fine. */
void vfio_iommu_close(struct vfio_iommu *iommu);

/*
 * Put the function with this address into the address space. *DEVICE_FD is the
 * caller's, *HV_FD (what hv_device_attach() takes) is borrowed. The error says
 * what stands in the way: no such function, no IOMMU, another driver, a group
 * that is shared or in use.
 */
int vfio_iommu_add(struct vfio_iommu *iommu, const char *address,
		   int *device_fd, int *hv_fd, struct err *err);

/* A first device must be there. */
int vfio_iommu_map(struct vfio_iommu *iommu, uint64_t iova, void *host,
		   uint64_t bytes, struct err *err);
int vfio_iommu_unmap(struct vfio_iommu *iommu, uint64_t iova, uint64_t bytes);

/* "container" or "iommufd". */
const char *vfio_iommu_name(const struct vfio_iommu *iommu);

#endif
