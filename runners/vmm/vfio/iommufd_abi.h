/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VFIO_IOMMUFD_ABI_H
#define RUNNERS_VMM_VFIO_IOMMUFD_ABI_H

/*
 * iommufd_abi - of linux/iommufd.h (from 6.2) and of linux/vfio.h from 6.6 what
 * Debian 12's headers lack.
 */
#include <linux/ioctl.h>
#include <linux/types.h>

#define IOMMUFD_DEVICE "/dev/iommu"
#define IOMMUFD_TYPE ';'
#define IOMMUFD_DESTROY _IO(IOMMUFD_TYPE, 0x80)
#define IOMMUFD_IOAS_ALLOC _IO(IOMMUFD_TYPE, 0x81)
#define IOMMUFD_IOAS_MAP _IO(IOMMUFD_TYPE, 0x85)
#define IOMMUFD_IOAS_UNMAP _IO(IOMMUFD_TYPE, 0x86)
#define IOMMUFD_BIND _IO(IOMMUFD_TYPE, 100 + 18)
#define IOMMUFD_ATTACH _IO(IOMMUFD_TYPE, 100 + 19)

struct iommufd_ioas_alloc {
	__u32 size, flags, out_ioas_id;
};

#define IOMMUFD_MAP_FIXED_IOVA (1 << 0)
#define IOMMUFD_MAP_WRITEABLE (1 << 1)
#define IOMMUFD_MAP_READABLE (1 << 2)

struct iommufd_ioas_map {
	__u32 size, flags, ioas_id, reserved;
	__aligned_u64 user_va, length, iova;
};

struct iommufd_ioas_unmap {
	__u32 size, ioas_id;
	__aligned_u64 iova, length;
};

struct iommufd_bind {
	__u32 argsz, flags;
	__s32 iommufd;
	__u32 out_devid;
};

struct iommufd_attach {
	__u32 argsz, flags, pt_id;
};

#endif
