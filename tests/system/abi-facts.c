// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Sizes, offsets and numbers of /dev/mshv, one per line: of mshv/abi.h, or with
 * -DKERNEL of the kernel's own linux/mshv.h. tests/system/abi compares both.
 */
#include <stddef.h>
#include <stdio.h>

#ifdef KERNEL
#include <linux/mshv.h>
#include <sys/ioctl.h>
#define PICK(ours, kernels) kernels
#else
#include "mshv/abi.h"
#define PICK(ours, kernels) ours
#endif

#define NUMBER(ours, kernels) \
	printf("%s %#llx\n", #ours, (unsigned long long)PICK(ours, kernels))
#define SIZE(ours, kernels) \
	printf("sizeof %s %zu\n", #ours, sizeof(struct PICK(ours, kernels)))
#define AT(ours, field, kernels, kernels_field)     \
	printf("%s.%s at %zu\n", #ours, #field,     \
	       offsetof(struct PICK(ours, kernels), \
			PICK(field, kernels_field)))
#define BIT(ours, kernels) NUMBER(ours, 1 << kernels)
/* By its own name: an argument would be expanded first. */
#define SAME(name) printf("%s %#llx\n", #name, (unsigned long long)(name))

static void ioctls(void)
{
	SAME(MSHV_CREATE_PARTITION);
	SAME(MSHV_ROOT_HVCALL);
	SAME(MSHV_INITIALIZE_PARTITION);
	SAME(MSHV_CREATE_VP);
	SAME(MSHV_SET_GUEST_MEMORY);
	SAME(MSHV_IRQFD);
	SAME(MSHV_IOEVENTFD);
	SAME(MSHV_SET_MSI_ROUTING);
	NUMBER(MSHV_GET_GPAP_BITMAP, MSHV_GET_GPAP_ACCESS_BITMAP);
	SAME(MSHV_RUN_VP);
	SAME(MSHV_GET_VP_STATE);
	SAME(MSHV_SET_VP_STATE);
	NUMBER(MSHV_PAGE_BYTES, MSHV_HV_PAGE_SIZE);
}

static void flags(void)
{
	BIT(MSHV_PT_LAPIC, MSHV_PT_BIT_LAPIC);
	BIT(MSHV_PT_X2APIC, MSHV_PT_BIT_X2APIC);
	BIT(MSHV_PT_SUPER_PAGES, MSHV_PT_BIT_GPA_SUPER_PAGES);
	BIT(MSHV_PT_CPU_AND_XSAVE, MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES);
	BIT(MSHV_PT_NESTED, MSHV_PT_BIT_NESTED_VIRTUALIZATION);
	BIT(MSHV_PT_SMT_GUEST, MSHV_PT_BIT_SMT_ENABLED_GUEST);
	NUMBER(MSHV_CPU_BANKS, MSHV_NUM_CPU_FEATURES_BANKS);
	BIT(MSHV_MEM_WRITABLE, MSHV_SET_MEM_BIT_WRITABLE);
	BIT(MSHV_MEM_EXECUTABLE, MSHV_SET_MEM_BIT_EXECUTABLE);
	BIT(MSHV_MEM_UNMAP, MSHV_SET_MEM_BIT_UNMAP);
	BIT(MSHV_IRQFD_DEASSIGN, MSHV_IRQFD_BIT_DEASSIGN);
	BIT(MSHV_IRQFD_RESAMPLE, MSHV_IRQFD_BIT_RESAMPLE);
	BIT(MSHV_IOEVENTFD_DATAMATCH, MSHV_IOEVENTFD_BIT_DATAMATCH);
	BIT(MSHV_IOEVENTFD_PIO, MSHV_IOEVENTFD_BIT_PIO);
	BIT(MSHV_IOEVENTFD_DEASSIGN, MSHV_IOEVENTFD_BIT_DEASSIGN);
	NUMBER(MSHV_BITMAP_ACCESSED, MSHV_GPAP_ACCESS_TYPE_ACCESSED);
	NUMBER(MSHV_BITMAP_DIRTY, MSHV_GPAP_ACCESS_TYPE_DIRTY);
	NUMBER(MSHV_BITMAP_NOOP, MSHV_GPAP_ACCESS_OP_NOOP);
	NUMBER(MSHV_BITMAP_CLEAR, MSHV_GPAP_ACCESS_OP_CLEAR);
	NUMBER(MSHV_BITMAP_SET, MSHV_GPAP_ACCESS_OP_SET);
	NUMBER(MSHV_STATE_LAPIC, MSHV_VP_STATE_LAPIC);
	NUMBER(MSHV_STATE_XSAVE, MSHV_VP_STATE_XSAVE);
	NUMBER(MSHV_STATE_SIMP, MSHV_VP_STATE_SIMP);
	NUMBER(MSHV_STATE_SIEFP, MSHV_VP_STATE_SIEFP);
	NUMBER(MSHV_STATE_TIMERS, MSHV_VP_STATE_SYNTHETIC_TIMERS);
	NUMBER(MSHV_STATE_COUNT, MSHV_VP_STATE_COUNT);
	NUMBER(MSHV_VP_PAGE_REGISTERS, MSHV_VP_MMAP_OFFSET_REGISTERS);
	NUMBER(MSHV_VP_PAGE_MESSAGE, MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE);
	NUMBER(MSHV_VP_PAGE_GHCB, MSHV_VP_MMAP_OFFSET_GHCB);
	NUMBER(MSHV_VP_PAGE_COUNT, MSHV_VP_MMAP_OFFSET_COUNT);
}

static void structures(void)
{
	SIZE(mshv_create_partition, mshv_create_partition);
	SIZE(mshv_create_partition_v2, mshv_create_partition_v2);
	AT(mshv_create_partition_v2, bank_count, mshv_create_partition_v2,
	   pt_num_cpu_fbanks);
	AT(mshv_create_partition_v2, disabled_cpu, mshv_create_partition_v2,
	   pt_cpu_fbanks);
	AT(mshv_create_partition_v2, disabled_xsave, mshv_create_partition_v2,
	   pt_disabled_xsave);
	SIZE(mshv_create_vp, mshv_create_vp);
	SIZE(mshv_mem_region, mshv_user_mem_region);
	AT(mshv_mem_region, guest_pfn, mshv_user_mem_region, guest_pfn);
	AT(mshv_mem_region, host_addr, mshv_user_mem_region, userspace_addr);
	AT(mshv_mem_region, flags, mshv_user_mem_region, flags);
	SIZE(mshv_irqfd, mshv_user_irqfd);
	AT(mshv_irqfd, resample_fd, mshv_user_irqfd, resamplefd);
	AT(mshv_irqfd, gsi, mshv_user_irqfd, gsi);
	AT(mshv_irqfd, flags, mshv_user_irqfd, flags);
	SIZE(mshv_ioeventfd, mshv_user_ioeventfd);
	AT(mshv_ioeventfd, addr, mshv_user_ioeventfd, addr);
	AT(mshv_ioeventfd, len_bytes, mshv_user_ioeventfd, len);
	AT(mshv_ioeventfd, fd, mshv_user_ioeventfd, fd);
	AT(mshv_ioeventfd, flags, mshv_user_ioeventfd, flags);
	SIZE(mshv_route, mshv_user_irq_entry);
	AT(mshv_route, addr_lo, mshv_user_irq_entry, address_lo);
	AT(mshv_route, addr_hi, mshv_user_irq_entry, address_hi);
	AT(mshv_route, data, mshv_user_irq_entry, data);
	SIZE(mshv_route_table, mshv_user_irq_table);
	AT(mshv_route_table, entries, mshv_user_irq_table, entries);
	SIZE(mshv_gpap_bitmap, mshv_gpap_access_bitmap);
	AT(mshv_gpap_bitmap, op, mshv_gpap_access_bitmap, access_op);
	AT(mshv_gpap_bitmap, page_count, mshv_gpap_access_bitmap, page_count);
	AT(mshv_gpap_bitmap, first_pfn, mshv_gpap_access_bitmap, gpap_base);
	AT(mshv_gpap_bitmap, bitmap_ptr, mshv_gpap_access_bitmap, bitmap_ptr);
	SIZE(mshv_hvcall, mshv_root_hvcall);
	AT(mshv_hvcall, reps, mshv_root_hvcall, reps);
	AT(mshv_hvcall, in_bytes, mshv_root_hvcall, in_sz);
	AT(mshv_hvcall, out_bytes, mshv_root_hvcall, out_sz);
	AT(mshv_hvcall, status, mshv_root_hvcall, status);
	AT(mshv_hvcall, in_ptr, mshv_root_hvcall, in_ptr);
	AT(mshv_hvcall, out_ptr, mshv_root_hvcall, out_ptr);
	SIZE(mshv_message, mshv_run_vp);
	SIZE(mshv_vp_state, mshv_get_set_vp_state);
	AT(mshv_vp_state, buf_bytes, mshv_get_set_vp_state, buf_sz);
	AT(mshv_vp_state, buf_ptr, mshv_get_set_vp_state, buf_ptr);
}

int main(void)
{
	ioctls();
	flags();
	structures();
	return 0;
}
