// SPDX-License-Identifier: GPL-3.0-or-later
/* The mshv backend: guest memory as a VP sees it, for its instructions. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "mshv/sys.h"
#include "mshv/walk.h"

/* The driver faults in so much at once (mshv_regions.c). */
#define TOUCH_BYTES (2 * MIB)
#define RAM_MAX_TRIES 20

const struct hv_mem *mshv_region(const struct mshv_vm *vm, uint64_t gpa)
{
	uint32_t i;

	for (i = 0; i < vm->region_count; i++)
		if (gpa >= vm->regions[i].gpa &&
		    gpa - vm->regions[i].gpa < vm->regions[i].size_bytes)
			return &vm->regions[i];
	return NULL;
}

void *mshv_ram(const struct mshv_vm *vm, uint64_t gpa, uint64_t len)
{
	const struct hv_mem *m = mshv_region(vm, gpa);

	return m && len <= m->size_bytes - (gpa - m->gpa)
		       ? (uint8_t *)m->host + (gpa - m->gpa)
		       : NULL;
}

int mshv_ram_give(struct mshv_vcpu *vcpu, const struct hv_mem *m, uint64_t gpa)
{
	uint64_t at = (gpa - m->gpa) & ~(TOUCH_BYTES - 1ULL);
	uint64_t len = m->size_bytes - at < TOUCH_BYTES ? m->size_bytes - at
							: TOUCH_BYTES;
	int ret = sys_ram_touch(vcpu->vm->sys, (uint8_t *)m->host + at, len,
				!m->readonly);
	struct timespec pause;

	if (!ret && gpa / MSHV_PAGE_BYTES != vcpu->lost_page)
		vcpu->lost_count = 0;
	vcpu->lost_page = gpa / MSHV_PAGE_BYTES;
	if (++vcpu->lost_count > RAM_MAX_TRIES)
		return ret ? ret : -ENOMEM;
	/* Others may give memory back meanwhile. */
	pause = (struct timespec){.tv_nsec = vcpu->lost_count * NS_PER_MS};
	nanosleep(&pause, NULL);
	return 0;
}

static int read_entry(void *arg, uint64_t gpa, uint64_t *value)
{
	const struct mshv_vm *vm = arg;
	const void *ram = mshv_ram(vm, gpa, sizeof(*value));

	if (!ram)
		return -EFAULT;
	sys_ram_read(vm->sys, ram, value, sizeof(*value));
	return 0;
}

static int walk_init(struct mshv_vcpu *vcpu, struct walk *walk)
{
	static const uint32_t names[] = {MSHV_REG_CR0, MSHV_REG_CR3,
					 MSHV_REG_CR4, MSHV_REG_EFER};
	union mshv_value values[4];
	int ret;

	walk->read = read_entry;
	walk->arg = vcpu->vm;
	if (vcpu->page && vcpu->page->is_valid) {
		walk->cr0 = vcpu->page->cr0;
		walk->cr3 = vcpu->page->cr3;
		walk->cr4 = vcpu->page->cr4;
		walk->efer = vcpu->page->efer;
		return 0;
	}
	ret = hvcall_regs_get(vcpu->vm->sys, vcpu->fd, vcpu->base.index, names,
			      values, 4);
	if (ret)
		return ret;
	walk->cr0 = values[0].u64;
	walk->cr3 = values[1].u64;
	walk->cr4 = values[2].u64;
	walk->efer = values[3].u64;
	return 0;
}

int mshv_translate(struct mshv_vcpu *vcpu, uint64_t gva, uint64_t *gpa)
{
	struct walk walk;
	int ret = walk_init(vcpu, &walk);

	return ret ? ret : walk_translate(&walk, gva, gpa);
}

/* Page by page; TO and FROM: one is NULL. */
static int copy(struct mshv_vcpu *vcpu, uint64_t gva, uint8_t *to,
		const uint8_t *from, size_t len)
{
	while (len) {
		size_t part = MSHV_PAGE_BYTES - (gva & (MSHV_PAGE_BYTES - 1));
		uint64_t gpa;
		void *ram;
		int ret;

		if (part > len)
			part = len;
		ret = mshv_translate(vcpu, gva, &gpa);
		if (ret)
			return ret;
		ram = mshv_ram(vcpu->vm, gpa, part);
		if (!ram)
			return -EFAULT;
		if (to)
			sys_ram_read(vcpu->vm->sys, ram, to, part);
		else
			sys_ram_write(vcpu->vm->sys, ram, from, part);
		to = to ? to + part : NULL;
		from = from ? from + part : NULL;
		gva += part;
		len -= part;
	}
	return 0;
}

int mshv_guest_read(struct mshv_vcpu *vcpu, uint64_t gva, void *to, size_t len)
{
	return copy(vcpu, gva, to, NULL, len);
}

int mshv_guest_write(struct mshv_vcpu *vcpu, uint64_t gva, const void *from,
		     size_t len)
{
	return copy(vcpu, gva, NULL, from, len);
}
