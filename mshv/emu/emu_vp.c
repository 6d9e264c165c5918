// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's VPs: life and ioctls. Running one is in emu_run.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mshv/emu/emu_priv.h"

static int kvm_setup(struct emu_vp *vp)
{
	struct emu_partition *pt = vp->pt;
	int size = ioctl(pt->device_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	int synced;
	void *run;

	vp->vcpu_fd =
		ioctl(pt->vm_fd, KVM_CREATE_VCPU, (unsigned long)vp->index);
	if (vp->vcpu_fd < 0 || size < 0)
		return -errno;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vp->vcpu_fd, 0);
	if (run == MAP_FAILED)
		return -errno;
	vp->run = run;
	vp->run_bytes = (size_t)size;
	synced = ioctl(pt->device_fd, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS);
	if (synced < 0)
		return -errno;
	vp->synced = (uint32_t)synced;
	if (ioctl(vp->vcpu_fd, KVM_GET_REGS, &vp->regs) ||
	    ioctl(vp->vcpu_fd, KVM_GET_SREGS, &vp->sregs))
		return -errno;
	return 0;
}

/* KVM finds a new local APIC by its number only once it has been set. */
static int lapic_announce(struct emu_vp *vp)
{
	struct kvm_lapic_state lapic;

	if (!(vp->pt->flags & MSHV_PT_LAPIC))
		return 0;
	if (ioctl(vp->vcpu_fd, KVM_GET_LAPIC, &lapic) ||
	    ioctl(vp->vcpu_fd, KVM_SET_LAPIC, &lapic))
		return -errno;
	return 0;
}

/* The state pages are a file, so that the VP's descriptor maps them. */
static int pages_create(struct emu_vp *vp, int *fd)
{
	const size_t bytes = EMU_VP_PAGES * MSHV_PAGE_BYTES;
	void *pages;

	*fd = memfd_create("mshv_vp", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, (off_t)bytes))
		return -errno;
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	vp->pages = pages;
	return 0;
}

int emu_vp_create(struct emu_partition *pt, uint32_t index)
{
	struct emu_vp *vp = calloc(1, sizeof(*vp));
	int fd = -1;
	int ret;

	if (!vp)
		return -ENOMEM;
	pthread_mutex_init(&vp->lock, NULL);
	vp->pt = pt;
	vp->index = index;
	vp->vcpu_fd = -1;
	ret = emu_code_create(vp) ? kvm_setup(vp) : -ENOMEM;
	if (!ret)
		ret = emu_cpuid_prepare(vp);
	if (!ret)
		ret = lapic_announce(vp);
	if (!ret)
		ret = pages_create(vp, &fd);
	if (!ret)
		ret = emu_fd_add(fd, EMU_VP, pt, vp);
	else if (fd >= 0)
		close(fd);
	if (ret < 0) {
		emu_vp_destroy(vp);
		return ret;
	}
	vp->page_is_stale = true;
	emu_page_fill(vp);
	pt->vps[index] = vp;
	return ret;
}

void emu_vp_destroy(struct emu_vp *vp)
{
	if (vp->pages)
		munmap(vp->pages, EMU_VP_PAGES * MSHV_PAGE_BYTES);
	if (vp->run)
		munmap(vp->run, vp->run_bytes);
	if (vp->vcpu_fd >= 0)
		close(vp->vcpu_fd);
	emu_code_destroy(vp);
	pthread_mutex_destroy(&vp->lock);
	free(vp);
}

int emu_vp_sregs_flush(struct emu_vp *vp)
{
	return emu_kvm(vp, KVM_SET_SREGS, &vp->sregs) ? -errno : 0;
}

/* What needs the partition's RAM and properties too. */
static int ask_partition(struct emu_vp *vp, unsigned long request, void *arg)
{
	int ret;

	pthread_mutex_lock(&vp->pt->lock);
	ret = request == MSHV_ROOT_HVCALL
		      ? emu_hvcall(vp->pt, vp, arg)
		      : emu_vp_state(vp, arg, request == MSHV_SET_VP_STATE);
	pthread_mutex_unlock(&vp->pt->lock);
	return ret;
}

static int run(struct emu_vp *vp, uint64_t user)
{
	int ret = emu_signals_hold(vp);

	if (ret)
		return ret;
	pthread_mutex_lock(&vp->lock);
	ret = emu_run(vp, user);
	pthread_mutex_unlock(&vp->lock);
	emu_signals_release(ret);
	return ret;
}

int emu_vp_ioctl(struct emu_vp *vp, unsigned long request, void *arg)
{
	int ret;

	if (request == MSHV_RUN_VP)
		return run(vp, (uintptr_t)arg);
	pthread_mutex_lock(&vp->lock);
	switch (request) {
	case MSHV_GET_VP_STATE:
	case MSHV_SET_VP_STATE:
	case MSHV_ROOT_HVCALL:
		ret = ask_partition(vp, request, arg);
		break;
	default:
		ret = -ENOTTY;
	}
	pthread_mutex_unlock(&vp->lock);
	return ret;
}
