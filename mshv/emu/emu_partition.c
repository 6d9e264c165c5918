// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's partitions: life, memory and dirty tracking. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

#define USER_SPACE_END (1ULL << 47)
#define X2APIC_API_FLAGS \
	(KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK)

static int cap_enable(int fd, uint32_t cap, uint64_t arg)
{
	struct kvm_enable_cap enable = {.cap = cap, .args = {arg}};

	return ioctl(fd, KVM_ENABLE_CAP, &enable) ? -errno : 0;
}

static uint64_t known_flags(void)
{
	uint64_t flags = MSHV_PT_LAPIC | MSHV_PT_X2APIC | MSHV_PT_SUPER_PAGES;

	if (emu_kernel() >= 619)
		flags |= MSHV_PT_CPU_AND_XSAVE;
	if (emu_kernel() >= 700)
		flags |= MSHV_PT_NESTED | MSHV_PT_SMT_GUEST;
	return flags;
}

/* The second form is read only if its flag is set. */
static int args_check(uint64_t from, struct mshv_create_partition_v2 *arg)
{
	static const uint8_t zero[sizeof(arg->rsvd)];

	memset(arg, 0, sizeof(*arg));
	if (emu_copy_in(arg, from, sizeof(struct mshv_create_partition)))
		return -EFAULT;
	if ((arg->flags & ~known_flags()) || arg->isolation)
		return -EINVAL;
	if (!(arg->flags & MSHV_PT_CPU_AND_XSAVE))
		return 0;
	if (emu_copy_in(arg, from, sizeof(*arg)))
		return -EFAULT;
	if (arg->bank_count != MSHV_CPU_BANKS || arg->rsvd1[0] ||
	    arg->rsvd1[1] || memcmp(arg->rsvd, zero, sizeof(zero)))
		return -EINVAL;
	return 0;
}

/* As in the KVM API's 4.30 and 4.37, for CPUs that want it. */
static void reserve_pages(int vm_fd)
{
	uint64_t identity = 0xfeffc000;

	ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm_fd, KVM_SET_TSS_ADDR, 0xfeffd000UL);
}

static int kvm_setup(struct emu_partition *pt)
{
	int ret;

	pt->device_fd = emu_kvm_open();
	if (pt->device_fd < 0)
		return pt->device_fd;
	pt->vm_fd = ioctl(pt->device_fd, KVM_CREATE_VM, 0);
	if (pt->vm_fd < 0)
		return -errno;
	if (ioctl(pt->device_fd, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) <= 0 ||
	    ioctl(pt->device_fd, KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT) <=
		    0) {
		emu_log("this KVM lacks sync_regs or immediate_exit");
		return -ENODEV;
	}
	reserve_pages(pt->vm_fd);
	if (!(pt->flags & MSHV_PT_LAPIC))
		return 0;
	/* So many routes can tell of their EOI: all that KVM can count. */
	ret = cap_enable(pt->vm_fd, KVM_CAP_SPLIT_IRQCHIP, UINT8_MAX);
	if (!ret)
		cap_enable(pt->vm_fd, KVM_CAP_X2APIC_API, X2APIC_API_FLAGS);
	return ret;
}

int emu_partition_create(void *user)
{
	struct mshv_create_partition_v2 arg;
	struct emu_partition *pt;
	int ret = args_check((uintptr_t)user, &arg);

	if (ret)
		return ret;
	pt = calloc(1, sizeof(*pt));
	if (!pt)
		return -ENOMEM;
	pthread_mutex_init(&pt->lock, NULL);
	pt->vm_fd = -1;
	pt->flags = arg.flags;
	memcpy(pt->disabled, arg.disabled_cpu, sizeof(arg.disabled_cpu));
	pt->disabled[MSHV_BANK_XSAVE] = arg.disabled_xsave;
	ret = kvm_setup(pt);
	if (!ret)
		ret = emu_fd_add(memfd_create("mshv_partition", MFD_CLOEXEC),
				 EMU_PARTITION, pt, NULL);
	if (ret < 0)
		emu_partition_destroy(pt);
	return ret;
}

void emu_partition_destroy(struct emu_partition *pt)
{
	size_t i;

	for (i = 0; i < MSHV_MAX_VPS; i++)
		if (pt->vps[i])
			emu_vp_destroy(pt->vps[i]);
	for (i = 0; i < EMU_MAX_REGIONS; i++)
		free(pt->regions[i].dirty);
	if (pt->vm_fd >= 0)
		close(pt->vm_fd);
	if (pt->device_fd >= 0)
		close(pt->device_fd);
	free(pt->overrides);
	free(pt->routes);
	pthread_mutex_destroy(&pt->lock);
	free(pt);
}

/* --- memory --------------------------------------------------------------- */

static struct emu_region *region_at(struct emu_partition *pt, uint64_t gpa)
{
	size_t i;

	for (i = 0; i < pt->region_end; i++) {
		struct emu_region *r = &pt->regions[i];
		uint64_t base = r->map.guest_pfn * MSHV_PAGE_BYTES;

		if (r->is_used && gpa >= base && gpa - base < r->map.size_bytes)
			return r;
	}
	return NULL;
}

void *emu_ram(struct emu_partition *pt, uint64_t gpa, uint64_t len)
{
	const struct emu_region *r = region_at(pt, gpa);
	uint64_t offset;

	if (!r)
		return NULL;
	offset = gpa - r->map.guest_pfn * MSHV_PAGE_BYTES;
	if (len > r->map.size_bytes - offset)
		return NULL;
	return (uint8_t *)(uintptr_t)r->map.host_addr + offset;
}

bool emu_is_readonly(struct emu_partition *pt, uint64_t gpa)
{
	const struct emu_region *r = region_at(pt, gpa);

	return r && !(r->map.flags & MSHV_MEM_WRITABLE);
}

static int slot_set(struct emu_partition *pt, const struct emu_region *r,
		    uint64_t size_bytes)
{
	struct kvm_userspace_memory_region arg = {
		.slot = (uint32_t)(r - pt->regions),
		.guest_phys_addr = r->map.guest_pfn * MSHV_PAGE_BYTES,
		.memory_size = size_bytes,
		.userspace_addr = r->map.host_addr,
	};

	if (!(r->map.flags & MSHV_MEM_WRITABLE))
		arg.flags |= KVM_MEM_READONLY;
	if (pt->is_tracking)
		arg.flags |= KVM_MEM_LOG_DIRTY_PAGES;
	return ioctl(pt->vm_fd, KVM_SET_USER_MEMORY_REGION, &arg) ? -errno : 0;
}

static bool is_mapped(uint64_t addr)
{
	unsigned char resident;

	return !mincore((void *)(uintptr_t)addr, MSHV_PAGE_BYTES, &resident);
}

static int region_map(struct emu_partition *pt,
		      const struct mshv_mem_region *arg)
{
	uint64_t end = arg->guest_pfn + arg->size_bytes / MSHV_PAGE_BYTES;
	struct emu_region *slot = NULL;
	size_t i;
	int ret;

	if (arg->host_addr >= USER_SPACE_END ||
	    arg->size_bytes > USER_SPACE_END - arg->host_addr ||
	    end < arg->guest_pfn || !is_mapped(arg->host_addr))
		return -EINVAL;
	for (i = 0; i < EMU_MAX_REGIONS; i++) {
		struct emu_region *r = &pt->regions[i];

		if (!r->is_used) {
			slot = slot ? slot : r;
			continue;
		}
		if (arg->guest_pfn <
			    r->map.guest_pfn +
				    r->map.size_bytes / MSHV_PAGE_BYTES &&
		    r->map.guest_pfn < end)
			return -EEXIST;
	}
	if (!slot)
		return -ENOMEM;
	slot->map = *arg;
	ret = slot_set(pt, slot, arg->size_bytes);
	slot->is_used = !ret;
	if (pt->region_end <= slot - pt->regions)
		pt->region_end = (uint32_t)(slot - pt->regions) + 1;
	return ret;
}

static int region_unmap(struct emu_partition *pt,
			const struct mshv_mem_region *arg)
{
	struct emu_region *r = region_at(pt, arg->guest_pfn * MSHV_PAGE_BYTES);
	int ret;

	if (!r)
		return emu_kernel() >= 619 ? -ENOENT : -EINVAL;
	if (r->map.guest_pfn != arg->guest_pfn ||
	    r->map.size_bytes != arg->size_bytes ||
	    r->map.host_addr != arg->host_addr)
		return -EINVAL;
	ret = slot_set(pt, r, 0);
	if (ret)
		return ret;
	free(r->dirty);
	memset(r, 0, sizeof(*r));
	return 0;
}

static int memory_set(struct emu_partition *pt, const void *user)
{
	static const uint8_t zero[7];
	struct mshv_mem_region arg;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	if (!arg.size_bytes || arg.size_bytes % MSHV_PAGE_BYTES ||
	    arg.host_addr % MSHV_PAGE_BYTES ||
	    (arg.flags &
	     ~(MSHV_MEM_WRITABLE | MSHV_MEM_EXECUTABLE | MSHV_MEM_UNMAP)) ||
	    memcmp(arg.rsvd, zero, sizeof(zero)))
		return -EINVAL;
	if (!pt->is_initialized)
		return -EIO;
	return arg.flags & MSHV_MEM_UNMAP ? region_unmap(pt, &arg)
					  : region_map(pt, &arg);
}

/* --- dirty tracking ------------------------------------------------------- */

static size_t bitmap_bytes(const struct emu_region *r)
{
	return (r->map.size_bytes / MSHV_PAGE_BYTES + 63) / 64 * 8;
}

/* Reading KVM's dirty log clears it; ours keeps the bits. */
static int log_collect(struct emu_partition *pt, struct emu_region *r)
{
	size_t bytes = bitmap_bytes(r);
	struct kvm_dirty_log log = {.slot = (uint32_t)(r - pt->regions)};
	uint8_t *fresh;
	size_t i;
	int ret = 0;

	if (!r->dirty)
		r->dirty = calloc(1, bytes);
	fresh = calloc(1, bytes);
	if (!r->dirty || !fresh) {
		free(fresh);
		return -ENOMEM;
	}
	log.dirty_bitmap = fresh;
	if (ioctl(pt->vm_fd, KVM_GET_DIRTY_LOG, &log))
		ret = -errno;
	for (i = 0; i < bytes && !ret; i++)
		r->dirty[i] |= fresh[i];
	free(fresh);
	return ret;
}

static bool is_all_dirty(struct emu_partition *pt)
{
	size_t i;
	uint64_t page;

	for (i = 0; i < EMU_MAX_REGIONS; i++) {
		const struct emu_region *r = &pt->regions[i];

		for (page = 0; r->is_used && page < r->map.size_bytes / 4096;
		     page++)
			if (!r->dirty || !(r->dirty[page / 8] >> page % 8 & 1))
				return false;
	}
	return true;
}

/* Switching off demands that every page is marked first, as the hypervisor
 * does; a property's status, so 0 or a negative errno. */
int emu_tracking_set(struct emu_partition *pt, bool on)
{
	size_t i;
	int ret = 0;

	if (!on && pt->is_tracking && !is_all_dirty(pt))
		return -EIO;
	pt->is_tracking = on;
	for (i = 0; i < EMU_MAX_REGIONS && !ret; i++) {
		struct emu_region *r = &pt->regions[i];

		free(r->dirty);
		r->dirty = NULL;
		if (r->is_used)
			ret = slot_set(pt, r, r->map.size_bytes);
	}
	return ret;
}

static int page_mark(struct emu_partition *pt,
		     const struct mshv_gpap_bitmap *arg, uint64_t page,
		     uint8_t *out)
{
	uint64_t pfn = arg->first_pfn + page;
	struct emu_region *r = region_at(pt, pfn * MSHV_PAGE_BYTES);
	uint8_t bit;
	uint64_t at;

	if (!r)
		return -EINVAL;
	if (!r->dirty && log_collect(pt, r))
		return -EIO;
	at = pfn - r->map.guest_pfn;
	bit = (uint8_t)(1 << at % 8);
	if (arg->type == MSHV_BITMAP_ACCESSED || (r->dirty[at / 8] & bit))
		out[page / 8] |= (uint8_t)(1 << page % 8);
	/* The driver takes NOOP for SET; clearing either clears DIRTY. */
	if (arg->op == MSHV_BITMAP_CLEAR)
		r->dirty[at / 8] &= (uint8_t)~bit;
	else if (arg->type == MSHV_BITMAP_DIRTY)
		r->dirty[at / 8] |= bit;
	return 0;
}

static int bitmap_fill(struct emu_partition *pt,
		       const struct mshv_gpap_bitmap *arg)
{
	size_t bytes = (arg->page_count + 7) / 8;
	uint8_t *out = calloc(1, bytes);
	uint64_t page;
	size_t i;
	int ret = out ? 0 : -ENOMEM;

	for (i = 0; i < EMU_MAX_REGIONS && !ret; i++)
		if (pt->regions[i].is_used)
			ret = log_collect(pt, &pt->regions[i]);
	for (page = 0; page < arg->page_count && !ret; page++)
		ret = page_mark(pt, arg, page, out);
	if (!ret)
		ret = emu_copy_out(arg->bitmap_ptr, out, bytes);
	free(out);
	return ret;
}

static int bitmap_get(struct emu_partition *pt, const void *user)
{
	static const uint8_t zero[6];
	struct mshv_gpap_bitmap arg;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	if (arg.type > MSHV_BITMAP_DIRTY || arg.op > MSHV_BITMAP_SET ||
	    memcmp(arg.rsvd, zero, sizeof(zero)) || !arg.page_count ||
	    !arg.bitmap_ptr)
		return -EINVAL;
	if (arg.page_count > UINT64_MAX / MSHV_PAGE_BYTES ||
	    arg.first_pfn + arg.page_count < arg.first_pfn)
		return -E2BIG;
	if (arg.page_count > 1 << 24)
		return -ENOMEM;
	if (!pt->is_tracking)
		return -EIO;
	return bitmap_fill(pt, &arg);
}

/* --- all of a partition's ioctls ------------------------------------------ */

static int vp_create(struct emu_partition *pt, const void *user)
{
	struct mshv_create_vp arg;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	if (arg.index >= MSHV_MAX_VPS)
		return -EINVAL;
	if (pt->vps[arg.index])
		return -EEXIST;
	if (!pt->is_initialized)
		return -EIO;
	return emu_vp_create(pt, arg.index);
}

static int irqfd_set(struct emu_partition *pt, const void *user)
{
	struct mshv_irqfd arg;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	return emu_irqfd(pt, &arg);
}

static int ioeventfd_set(struct emu_partition *pt, const void *user)
{
	struct mshv_ioeventfd arg;

	if (emu_copy_in(&arg, (uintptr_t)user, sizeof(arg)))
		return -EFAULT;
	return emu_ioeventfd(pt, &arg);
}

int emu_partition_ioctl(struct emu_partition *pt, unsigned long request,
			void *arg)
{
	int ret;

	pthread_mutex_lock(&pt->lock);
	switch (request) {
	case MSHV_INITIALIZE_PARTITION:
		pt->is_initialized = true;
		ret = 0;
		break;
	case MSHV_CREATE_VP:
		ret = vp_create(pt, arg);
		break;
	case MSHV_SET_GUEST_MEMORY:
		ret = memory_set(pt, arg);
		break;
	case MSHV_IRQFD:
		ret = irqfd_set(pt, arg);
		break;
	case MSHV_IOEVENTFD:
		ret = ioeventfd_set(pt, arg);
		break;
	case MSHV_SET_MSI_ROUTING:
		ret = emu_routes_set(pt, (uintptr_t)arg);
		break;
	case MSHV_GET_GPAP_BITMAP:
		ret = bitmap_get(pt, arg);
		break;
	case MSHV_ROOT_HVCALL:
		ret = emu_hvcall(pt, NULL, arg);
		break;
	default:
		ret = -ENOTTY;
	}
	pthread_mutex_unlock(&pt->lock);
	return ret;
}
