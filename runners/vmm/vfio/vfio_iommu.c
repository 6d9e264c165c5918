// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/vfio/vfio_iommu.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/vfio/iommufd_abi.h"
#include "runners/vmm/vfio/vfio_sys.h"

#define CONTAINER "/dev/vfio/vfio"
#define PCI_FOLDER "/sys/bus/pci/devices"

const char *vfio_iommu_name(const struct vfio_iommu *iommu)
{
	return iommu->is_iommufd ? "iommufd" : "container";
}

static int container_open(struct vfio_iommu *iommu, struct err *err)
{
	const struct vfio_sys *sys = iommu->sys;

	iommu->fd = sys->open(CONTAINER);
	if (iommu->fd == -ENOENT)
		return err_set(err, -ENOENT,
			       "no '" CONTAINER "': load vfio-pci");
	if (iommu->fd < 0)
		return err_sys(err, iommu->fd, "cannot open '" CONTAINER "'");
	if (sys->ioctl(iommu->fd, VFIO_GET_API_VERSION, 0) !=
		    VFIO_API_VERSION ||
	    sys->ioctl(iommu->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) !=
		    1)
		return err_set(
			err, -ENODEV,
			"this kernel's vfio has no IOMMU of type 1 version 2: load vfio_iommu_type1");
	return 0;
}

static int iommufd_open(struct vfio_iommu *iommu, struct err *err)
{
	const struct vfio_sys *sys = iommu->sys;
	struct iommufd_ioas_alloc arg = {.size = sizeof(arg)};
	int ret;

	iommu->fd = sys->open(IOMMUFD_DEVICE);
	if (iommu->fd < 0)
		return err_sys(err, iommu->fd,
			       "cannot open '" IOMMUFD_DEVICE "'");
	ret = sys->ioctl(iommu->fd, IOMMUFD_IOAS_ALLOC, (uintptr_t)&arg);
	if (ret)
		return err_sys(err, ret,
			       "iommufd cannot make an address space");
	iommu->ioas = arg.out_ioas_id;
	return 0;
}

int vfio_iommu_open(struct vfio_iommu *iommu, const struct vfio_sys *sys,
		    enum vfio_iommu_choice choice, struct err *err)
{
	int ret;

	*iommu = (struct vfio_iommu){.sys = sys, .fd = -1};
	if (choice != VFIO_IOMMU_FD) {
		ret = container_open(iommu, err);
		if (ret != -ENOENT || choice == VFIO_IOMMU_CONTAINER)
			return ret;
	}
	iommu->is_iommufd = true;
	ret = iommufd_open(iommu, err);
	if (iommu->fd == -ENOENT && choice == VFIO_IOMMU_FD)
		return err_set(err, -ENOENT,
			       "no '" IOMMUFD_DEVICE
			       "': load iommufd, or use the container");
	if (iommu->fd == -ENOENT)
		return err_set(err, -ENOENT,
			       "neither '" CONTAINER "' nor '" IOMMUFD_DEVICE
			       "': load vfio-pci");
	return ret;
}

void vfio_iommu_close(struct vfio_iommu *iommu)
{
	uint32_t i;

	for (i = 0; i < iommu->group_count; i++)
		iommu->sys->close(iommu->groups[i].fd);
	iommu->group_count = 0;
	if (iommu->fd >= 0)
		iommu->sys->close(iommu->fd);
	iommu->fd = -1;
	iommu->mapped_bytes = 0;
}

/* Which driver has it instead. */
static int driver_refused(struct vfio_iommu *iommu, const char *address,
			  struct err *err)
{
	char path[96], driver[64];

	snprintf(path, sizeof(path), PCI_FOLDER "/%s/driver", address);
	if (iommu->sys->link(path, driver, sizeof(driver)))
		return err_set(err, -ENODEV,
			       "%s has no driver: bind it to vfio-pci",
			       address);
	return err_set(err, -EBUSY,
		       "%s belongs to the driver '%s': bind it to vfio-pci",
		       address, driver);
}

static int check_driver(struct vfio_iommu *iommu, const char *address,
			struct err *err)
{
	char path[96], driver[64];

	snprintf(path, sizeof(path), PCI_FOLDER "/%s/driver", address);
	/* Variants of vfio-pci for some devices have it in their names. */
	if (iommu->sys->link(path, driver, sizeof(driver)) ||
	    !strstr(driver, "vfio"))
		return driver_refused(iommu, address, err);
	return 0;
}

static int group_open(struct vfio_iommu *iommu, const char *number, int *fd,
		      struct err *err)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	const struct vfio_sys *sys = iommu->sys;
	char path[32];
	int ret;

	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	*fd = sys->open(path);
	if (*fd == -EBUSY)
		return err_set(err, -EBUSY,
			       "IOMMU group %s is in use by another process",
			       number);
	if (*fd < 0)
		return err_sys(err, *fd, "cannot open '%s'", path);
	ret = sys->ioctl(*fd, VFIO_GROUP_GET_STATUS, (uintptr_t)&status);
	if (!ret && !(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		ret = err_set(
			err, -EPERM,
			"IOMMU group %s has other functions, which a driver of the host uses: a group goes as a whole",
			number);
	else if (ret)
		err_sys(err, ret, "IOMMU group %s says nothing", number);
	return ret;
}

static int container_add(struct vfio_iommu *iommu, const char *number,
			 struct err *err)
{
	const struct vfio_sys *sys = iommu->sys;
	struct vfio_group *group = &iommu->groups[iommu->group_count];
	int ret = group_open(iommu, number, &group->fd, err);

	if (!ret) {
		ret = sys->ioctl(group->fd, VFIO_GROUP_SET_CONTAINER,
				 (uintptr_t)&iommu->fd);
		if (ret)
			err_sys(err, ret,
				"IOMMU group %s does not go into a container",
				number);
	}
	if (!ret && !iommu->group_count) {
		ret = sys->ioctl(iommu->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU);
		if (ret)
			err_sys(err, ret, "the IOMMU cannot be used");
	}
	if (ret) {
		if (group->fd >= 0)
			sys->close(group->fd);
		return ret;
	}
	snprintf(group->number, sizeof(group->number), "%s", number);
	iommu->group_count++;
	return 0;
}

static int container_device(struct vfio_iommu *iommu, const char *number,
			    const char *address, int *device_fd, int *hv_fd,
			    struct err *err)
{
	uint32_t i;
	int ret;

	for (i = 0; i < iommu->group_count; i++)
		if (!strcmp(iommu->groups[i].number, number))
			break;
	if (i == iommu->group_count) {
		if (i == VFIO_MAX_DEVICES)
			return err_set(err, -E2BIG, "more than %d devices",
				       VFIO_MAX_DEVICES);
		ret = container_add(iommu, number, err);
		if (ret)
			return ret;
	}
	*hv_fd = iommu->groups[i].fd;
	ret = iommu->sys->ioctl(*hv_fd, VFIO_GROUP_GET_DEVICE_FD,
				(uintptr_t)address);
	if (ret < 0)
		return err_sys(err, ret, "vfio does not give %s", address);
	*device_fd = ret;
	return 0;
}

static int iommufd_device(struct vfio_iommu *iommu, const char *address,
			  int *device_fd, int *hv_fd, struct err *err)
{
	const struct vfio_sys *sys = iommu->sys;
	struct iommufd_bind bind = {.argsz = sizeof(bind),
				    .iommufd = iommu->fd};
	struct iommufd_attach attach = {.argsz = sizeof(attach),
					.pt_id = iommu->ioas};
	char path[96], name[32];
	uint32_t i;
	int fd, ret = -ENOENT;

	/* The folder has one entry, "vfioN". */
	for (i = 0; i < 256 && ret; i++) {
		snprintf(path, sizeof(path),
			 PCI_FOLDER "/%s/vfio-dev/vfio%u/subsystem", address,
			 i);
		ret = sys->link(path, name, sizeof(name));
	}
	if (ret)
		return err_set(
			err, -ENODEV,
			"%s has no device file of its own for iommufd: this kernel has only containers",
			address);
	snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%u", i - 1);
	fd = sys->open(path);
	if (fd < 0)
		return err_sys(err, fd, "cannot open '%s'", path);
	ret = sys->ioctl(fd, IOMMUFD_BIND, (uintptr_t)&bind);
	if (!ret)
		ret = sys->ioctl(fd, IOMMUFD_ATTACH, (uintptr_t)&attach);
	if (ret) {
		sys->close(fd);
		return err_sys(err, ret, "iommufd does not take %s", address);
	}
	*device_fd = *hv_fd = fd;
	return 0;
}

int vfio_iommu_add(struct vfio_iommu *iommu, const char *address,
		   int *device_fd, int *hv_fd, struct err *err)
{
	char path[96], number[12];
	int ret;

	snprintf(path, sizeof(path), PCI_FOLDER "/%s/subsystem", address);
	if (iommu->sys->link(path, number, sizeof(number)))
		return err_set(err, -ENODEV, "this host has no PCI function %s",
			       address);
	snprintf(path, sizeof(path), PCI_FOLDER "/%s/iommu_group", address);
	ret = iommu->sys->link(path, number, sizeof(number));
	if (ret)
		return err_set(
			err, -ENODEV,
			"%s is in no IOMMU group: this host has no IOMMU, or it is off (intel_iommu=on)",
			address);
	ret = check_driver(iommu, address, err);
	if (ret)
		return ret;
	return iommu->is_iommufd
		       ? iommufd_device(iommu, address, device_fd, hv_fd, err)
		       : container_device(iommu, number, address, device_fd,
					  hv_fd, err);
}

static int map_refused(int ret, uint64_t bytes, struct err *err)
{
	struct rlimit lim;

	if (ret != -ENOMEM || getrlimit(RLIMIT_MEMLOCK, &lim) ||
	    lim.rlim_cur == RLIM_INFINITY)
		return err_sys(err, ret, "cannot pin %llu MiB of guest RAM",
			       (unsigned long long)(bytes / MIB));
	return err_set(
		err, ret,
		"cannot pin %llu MiB of guest RAM: RLIMIT_MEMLOCK is %llu KiB; raise it (ulimit -l)",
		(unsigned long long)(bytes / MIB),
		(unsigned long long)(lim.rlim_cur / KIB));
}

int vfio_iommu_map(struct vfio_iommu *iommu, uint64_t iova, void *host,
		   uint64_t bytes, struct err *err)
{
	struct vfio_iommu_type1_dma_map map = {.argsz = sizeof(map),
					       .flags = VFIO_DMA_MAP_FLAG_READ |
							VFIO_DMA_MAP_FLAG_WRITE,
					       .vaddr = (uintptr_t)host,
					       .iova = iova,
					       .size = bytes};
	struct iommufd_ioas_map fd_map = {.size = sizeof(fd_map),
					  .flags = IOMMUFD_MAP_FIXED_IOVA |
						   IOMMUFD_MAP_READABLE |
						   IOMMUFD_MAP_WRITEABLE,
					  .ioas_id = iommu->ioas,
					  .user_va = (uintptr_t)host,
					  .length = bytes,
					  .iova = iova};
	int ret = iommu->is_iommufd
			  ? iommu->sys->ioctl(iommu->fd, IOMMUFD_IOAS_MAP,
					      (uintptr_t)&fd_map)
			  : iommu->sys->ioctl(iommu->fd, VFIO_IOMMU_MAP_DMA,
					      (uintptr_t)&map);

	if (ret)
		return map_refused(ret, bytes, err);
	iommu->mapped_bytes += bytes;
	return 0;
}

int vfio_iommu_unmap(struct vfio_iommu *iommu, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = iova, .size = bytes};
	struct iommufd_ioas_unmap fd_unmap = {.size = sizeof(fd_unmap),
					      .ioas_id = iommu->ioas,
					      .iova = iova,
					      .length = bytes};

	iommu->mapped_bytes -= bytes;
	return iommu->is_iommufd
		       ? iommu->sys->ioctl(iommu->fd, IOMMUFD_IOAS_UNMAP,
					   (uintptr_t)&fd_unmap)
		       : iommu->sys->ioctl(iommu->fd, VFIO_IOMMU_UNMAP_DMA,
					   (uintptr_t)&unmap);
}
