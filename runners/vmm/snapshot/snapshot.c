// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/snapshot/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/event.h"
#include "runners/vmm/snapshot/snap_devices.h"
#include "runners/vmm/snapshot/snap_file.h"
#include "runners/vmm/snapshot/xxh64.h"
#include "runners/vmm/vcpu_state.h"
#include "runners/vmm/vm.h"

/* As KVM's own: a guest's clock that differs by so little is set right by NTP. */
#define TSC_TOLERANCE_PPM 250u
#define READ_BYTES 65536u

static int add_file(struct xxh64 *sum, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char buf[READ_BYTES];
	ssize_t n = 1;

	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	while (n) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno != EINTR)
			break;
		xxh64_add(sum, buf, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	return n ? err_sys(err, -errno, "cannot read '%s'", path) : 0;
}

int snapshot_image_sum(const char *const *paths, unsigned int count,
		       uint64_t *sum, struct err *err)
{
	struct xxh64 x;
	unsigned int i;
	int ret = 0;

	xxh64_init(&x);
	for (i = 0; i < count && !ret; i++)
		if (paths[i])
			ret = add_file(&x, paths[i], err);
	*sum = xxh64_value(&x);
	return ret;
}

/* The guest has read of it, and would go on with what it read; a clone, or another
 * restore, may have written meanwhile. */
static bool has_disk_that_changes(const struct vm_devices_config *d)
{
	uint32_t i;

	for (i = 0; i < d->disk_count; i++)
		if (!d->disks[i].disk.is_readonly &&
		    strncmp(d->disks[i].disk.path, "null:", 5) != 0)
			return true;
	return false;
}

int snapshot_is_possible(const struct vm_config *cfg, struct err *err)
{
	const char *what = NULL;

	if (has_disk_that_changes(&cfg->devices))
		what = "a disk that is written to: it would not be what the guest knows of it";
	else if (cfg->checks_bells)
		what = "--check-bells: what came of it is not saved";
	else if (cfg->devices.net_count)
		what = "a network card: its packets' path cannot be saved yet";
	else if (cfg->devices.vsock_cid)
		what = "a vsock: the host's kernel has its state";
	else if (cfg->vfio.count)
		what = "a device of the host: it has a state that nobody can read";
	return what ? err_set(err, -ENOTSUP, "no snapshot of a guest with %s",
			      what)
		    : 0;
}

static int time_stop(struct vm *vm, bool is_stopped, struct err *err)
{
	int ret = hv_time_stop(vm->hv, is_stopped);

	return ret ? err_sys(err, ret, "cannot %s the guest's time",
			     is_stopped ? "stop" : "start")
		   : 0;
}

/* --- out of a machine -------------------------------------------------------- */

int snapshot_prepare(struct vm *vm, struct err *err)
{
	struct cpuid_table *table;
	int ret;

	if (!vm->cfg.saves)
		return 0;
	ret = hv_state_prepare(vm->hv, err);
	if (ret)
		return ret;
	table = calloc(1, sizeof(*table));
	if (!table)
		return err_set(err, -ENOMEM, "no memory for a CPUID table");
	ret = hv_vcpu_cpuid_get(vm->vcpus[0].hv, table, err);
	if (!ret)
		snap_records_put(&vm->records, SNAP_CPUID, 0, table->entries,
				 table->count * sizeof(table->entries[0]));
	free(table);
	return ret;
}

static int save_vcpus(struct vm *vm, struct err *err)
{
	struct vcpu_state *state = malloc(sizeof(*state));
	uint32_t i;
	int ret = state ? 0
			: err_set(err, -ENOMEM, "no memory for a vCPU's state");

	for (i = 0; i < vm->vcpu_count && !ret; i++) {
		ret = hv_vcpu_state_get(vm->vcpus[i].hv, state, err);
		if (!ret)
			snap_records_put(&vm->records, SNAP_VCPU, i, state,
					 sizeof(*state));
	}
	free(state);
	return ret;
}

static void describe(const struct vm *vm, struct snap_header *head)
{
	const struct snapshot_config *cfg = vm->cfg.saves;

	memset(head, 0, sizeof(*head));
	head->image_sum = cfg->image_sum;
	head->vcpu_count = vm->vcpu_count;
	head->tsc_khz = vm->hv->tsc_khz;
	head->paravirt = (uint32_t)vm->cfg.paravirt;
	head->is_micro = vm->cfg.micro_path != NULL;
	snprintf(head->hv, sizeof(head->hv), "%s", vm->hv->ops->name);
	snprintf(head->build, sizeof(head->build), "%s", cfg->build);
}

int snapshot_save(struct vm *vm, uint64_t *modified_unix_ns, struct err *err)
{
	struct snap_header head;
	uint64_t clock_ns = 0;
	int ret;

	describe(vm, &head);
	/* First: what the devices still have to say is for the vCPUs. */
	snap_devices_save(vm, &vm->records);
	ret = time_stop(vm, true, err); /* for good: the guest ends by this */
	if (!ret)
		ret = save_vcpus(vm, err);
	if (!ret && hv_clock_get(vm->hv, &clock_ns))
		ret = err_set(err, -EIO, "cannot read the guest's clock");
	snap_records_put(&vm->records, SNAP_CLOCK, 0, &clock_ns,
			 sizeof(clock_ns));
	if (!ret)
		ret = snap_file_write(vm->cfg.saves->fd, &head, &vm->records,
				      &vm->mem, err);
	*modified_unix_ns = head.modified_unix_ns;
	return ret;
}

/* --- into a machine ---------------------------------------------------------- */

int snapshot_config_take(const struct snap_file *f, struct vm_config *cfg,
			 struct err *err)
{
	static const char made_of[] = "a snapshot's";
	const struct snap_header *h = &f->head;

	if (!h->vcpu_count || h->vcpu_count > VM_MAX_VCPUS ||
	    h->paravirt > HV_PARAVIRT_BEST || h->is_micro > 1)
		return err_set(err, -EINVAL,
			       "the snapshot's machine makes no sense");
	cfg->restores = f;
	cfg->mem.bytes = h->ram_bytes;
	cfg->mem.maps_file = true;
	cfg->mem.fd = f->fd;
	cfg->mem.file_offset = SNAP_RAM_OFFSET;
	cfg->vcpu_count = h->vcpu_count;
	cfg->paravirt = (enum hv_paravirt)h->paravirt;
	cfg->micro_path = h->is_micro ? made_of : NULL;
	cfg->kernel_path = h->is_micro ? NULL : made_of;
	return 0;
}

static int check_host(const struct vm *vm, const struct snap_header *h,
		      struct err *err)
{
	uint64_t now = vm->hv->tsc_khz, then = h->tsc_khz;
	uint64_t apart = now > then ? now - then : then - now;

	if (strcmp(h->hv, vm->hv->ops->name))
		return err_set(err, -EINVAL,
			       "it is a guest of '%s': it cannot run on '%s'",
			       h->hv, vm->hv->ops->name);
	if (apart * 1000000 > then * TSC_TOLERANCE_PPM)
		return err_set(
			err, -EINVAL,
			"its CPU's TSC has %u kHz and this one %u kHz: the guest's clock would be wrong",
			h->tsc_khz, vm->hv->tsc_khz);
	return 0;
}

static bool is_same_leaf(const struct cpuid_entry *a,
			 const struct cpuid_entry *b)
{
	return a->eax == b->eax && a->ebx == b->ebx && a->ecx == b->ecx &&
	       a->edx == b->edx;
}

static int compare_cpuid(struct cpuid_table *now, const void *bytes,
			 size_t count, struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct cpuid_entry then;
		const struct cpuid_entry *found;

		memcpy(&then, (const char *)bytes + i * sizeof(then),
		       sizeof(then));
		found = cpuid_find(now, then.function, then.index);
		if (!found || !is_same_leaf(&then, found))
			return err_set(
				err, -ENODEV,
				"it is of another CPU model: CPUID leaf 0x%x.%u differs",
				then.function, then.index);
	}
	return 0;
}

/* A guest has seen what its CPU can, and does it. */
static int check_cpu(struct vm *vm, const struct snap_records *r,
		     struct err *err)
{
	struct cpuid_table *now = calloc(1, sizeof(*now));
	size_t len = 0;
	const void *bytes = snap_records_find(r, SNAP_CPUID, 0, &len);
	int ret;

	if (!now)
		return err_set(err, -ENOMEM, "no memory for a CPUID table");
	ret = hv_vcpu_cpuid_get(vm->vcpus[0].hv, now, err);
	if (!ret && (!bytes || len != now->count * sizeof(now->entries[0])))
		ret = err_set(
			err, -ENODEV,
			"it is of another CPU model: it has other CPUID leaves");
	if (!ret)
		ret = compare_cpuid(now, bytes, now->count, err);
	free(now);
	return ret;
}

static int load_vcpu(struct vm *vm, uint32_t i, struct vcpu_state *state,
		     struct err *err)
{
	int ret = snap_records_take(&vm->cfg.restores->records, SNAP_VCPU, i,
				    state, sizeof(*state), "vCPU", err);

	if (ret)
		return ret;
	if (state->activity >= VCPU_ACTIVITY_COUNT ||
	    state->msr_count > VCPU_STATE_MSRS ||
	    state->xsave_bytes > VCPU_STATE_XSAVE_BYTES ||
	    state->opaque_bytes > VCPU_STATE_OPAQUE_BYTES)
		return err_set(err, -EINVAL,
			       "the state of vCPU %u makes no sense", i);
	return hv_vcpu_state_set(vm->vcpus[i].hv, state, err);
}

static int load_vcpus(struct vm *vm, struct err *err)
{
	struct vcpu_state *state = malloc(sizeof(*state));
	uint32_t i;
	int ret = state ? 0
			: err_set(err, -ENOMEM, "no memory for a vCPU's state");

	for (i = 0; i < vm->vcpu_count && !ret; i++)
		ret = load_vcpu(vm, i, state, err);
	free(state);
	return ret;
}

static int load_clock(struct vm *vm, const struct snap_records *r,
		      struct err *err)
{
	uint64_t ns;
	int ret = snap_records_take(r, SNAP_CLOCK, 0, &ns, sizeof(ns),
				    "the clock", err);

	if (ret)
		return ret;
	ret = hv_clock_set(vm->hv, ns);
	return ret ? err_sys(err, ret, "cannot set the guest's clock") : 0;
}

static int load_all(struct vm *vm, struct err *err)
{
	const struct snap_file *f = vm->cfg.restores;
	int ret = hv_state_prepare(vm->hv, err);

	if (!ret)
		ret = check_host(vm, &f->head, err);
	if (!ret)
		ret = check_cpu(vm, &f->records, err);
	if (!ret)
		ret = snap_file_check_ram(f, &vm->mem, vm->cfg.checks_ram, err);
	if (!ret)
		ret = time_stop(vm, true, err);
	if (!ret)
		ret = load_vcpus(vm, err);
	/* A hypervisor may tie its clock to the TSCs as they are then. */
	if (!ret)
		ret = load_clock(vm, &f->records, err);
	if (!ret)
		ret = snap_devices_load(vm, &f->records, err);
	if (!ret)
		ret = time_stop(vm, false, err);
	return ret;
}

int snapshot_load(struct vm *vm, struct err *err)
{
	const struct snap_header *h = &vm->cfg.restores->head;
	char text[40];
	int ret = load_all(vm, err);

	if (ret)
		return err_wrap(err, "cannot restore the snapshot");
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)h->sum);
	event_fact(vm->cfg.events, "restored", text);
	return 0;
}

void snapshot_resume(struct vm *vm)
{
	if (vm->cfg.restores)
		snap_devices_resume(vm);
}
