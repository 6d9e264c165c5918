// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/hv_fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "runners/vmm/vcpu_regs.h"

struct hv_fake_state hv_fake_state;

void hv_fake_reset(void)
{
	memset(&hv_fake_state, 0, sizeof(hv_fake_state));
}

static int step(struct err *err, const char *what)
{
	struct err local;

	if (++hv_fake_state.calls == hv_fake_state.fail_at)
		return err_set(err ? err : &local, -EIO,
			       "injected failure in %s", what);
	return 0;
}

static int fake_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			  struct err *err)
{
	int ret = step(err, "vm_create");

	(void)cfg;
	if (ret)
		return ret;
	*out = calloc(1, sizeof(**out));
	(*out)->tsc_khz = 2000000;
	hv_fake_state.live_objects++;
	return 0;
}

static void fake_vm_destroy(struct hv_vm *vm)
{
	free(vm);
	hv_fake_state.live_objects--;
}

static int fake_mem_map(struct hv_vm *vm, const struct hv_mem *mem,
			struct err *err)
{
	(void)vm;
	(void)mem;
	return step(err, "mem_map");
}

static int fake_msi_send(struct hv_vm *vm, const struct hv_msi *msi)
{
	struct hv_fake_state *s = &hv_fake_state;

	(void)vm;
	s->sent[s->sent_count++ % 64] = *msi;
	return 0;
}

static int fake_route_set(struct hv_vm *vm, uint32_t route,
			  const struct hv_msi *msi)
{
	(void)vm;
	hv_fake_state.route_set[route] = msi != NULL;
	if (msi)
		hv_fake_state.routes[route] = *msi;
	return 0;
}

static int fake_irqfd_set(struct hv_vm *vm, uint32_t slot, int fd,
			  const struct hv_msi *msi)
{
	struct hv_fake_irqfd *irqfd = &hv_fake_state.irqfds[slot];

	(void)vm;
	/* Like the real ones, it never fails to let go. */
	if (!msi) {
		irqfd->is_on = false;
		return 0;
	}
	if (irqfd->is_on)
		return -EBUSY;
	*irqfd = (struct hv_fake_irqfd){.fd = fd, .msi = *msi};
	irqfd->is_on = !step(NULL, "irqfd_set");
	return irqfd->is_on ? 0 : -EIO;
}

static int bell_find(const struct hv_doorbell *bell)
{
	int i;

	for (i = 0; i < hv_fake_state.bell_count; i++)
		if (hv_fake_state.bells[i].gpa == bell->gpa &&
		    hv_fake_state.bells[i].fd == bell->fd)
			return i;
	return -1;
}

static int fake_doorbell_set(struct hv_vm *vm, const struct hv_doorbell *bell,
			     bool is_on)
{
	struct hv_fake_state *s = &hv_fake_state;
	int at = bell_find(bell);

	(void)vm;
	if (!is_on && at < 0)
		return -ENOENT;
	if (!is_on) {
		s->bells[at] = s->bells[--s->bell_count];
		return 0;
	}
	if (at >= 0)
		return -EEXIST;
	if (s->bell_count == HV_FAKE_BELLS)
		return -ENOSPC;
	if (step(NULL, "doorbell_set"))
		return -EIO;
	s->bells[s->bell_count++] = *bell;
	return 0;
}

static int fake_vcpu_create(struct hv_vm *vm, uint32_t index,
			    struct hv_vcpu **out, struct err *err)
{
	int ret = step(err, "vcpu_create");

	(void)vm;
	(void)index;
	if (ret)
		return ret;
	*out = calloc(1, sizeof(**out));
	hv_fake_state.live_objects++;
	return 0;
}

static void fake_vcpu_destroy(struct hv_vcpu *vcpu)
{
	free(vcpu);
	hv_fake_state.live_objects--;
}

static int fake_regs_get(struct hv_vcpu *vcpu, struct vcpu_regs *regs)
{
	(void)vcpu;
	memset(regs, 0, sizeof(*regs));
	regs->rip = 0x1234;
	return 0;
}

static int fake_regs_set(struct hv_vcpu *vcpu, const struct vcpu_regs *regs)
{
	(void)vcpu;
	(void)regs;
	return step(NULL, "regs_set");
}

static int fake_run(struct hv_vcpu *vcpu, struct hv_exit *exit)
{
	struct hv_fake_state *s = &hv_fake_state;

	if (vcpu->index || s->script_at >= s->script_len) {
		usleep(1000);
		exit->kind = HV_EXIT_KICKED;
		return 0;
	}
	if (s->script_at && !exit->access.is_write && s->read_count < 16)
		s->reads[s->read_count++] = exit->access.data;
	*exit = s->script[s->script_at++];
	return 0;
}

static void fake_kick(struct hv_vcpu *vcpu)
{
	(void)vcpu;
}

const struct hv_ops hv_fake = {
	.name = "fake",
	.vm_create = fake_vm_create,
	.vm_destroy = fake_vm_destroy,
	.mem_map = fake_mem_map,
	.msi_send = fake_msi_send,
	.route_set = fake_route_set,
	.irqfd_set = fake_irqfd_set,
	.doorbell_set = fake_doorbell_set,
	.vcpu_create = fake_vcpu_create,
	.vcpu_destroy = fake_vcpu_destroy,
	.vcpu_regs_get = fake_regs_get,
	.vcpu_regs_set = fake_regs_set,
	.vcpu_run = fake_run,
	.vcpu_kick = fake_kick,
};
