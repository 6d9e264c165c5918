// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/mshv_fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mshv/mshv.h"

struct mshv_fake_state mshv_fake_state;

void mshv_fake_reset(void)
{
	memset(&mshv_fake_state, 0, sizeof(mshv_fake_state));
}

static bool fails(void)
{
	struct mshv_fake_state *s = &mshv_fake_state;

	return ++s->calls == s->fail_at;
}

static int fake_open(const struct mshv_sys *sys, const char *path)
{
	(void)sys;
	(void)path;
	if (mshv_fake_state.open_error)
		return mshv_fake_state.open_error;
	if (fails())
		return -EIO;
	mshv_fake_state.open_count++;
	return 100;
}

static void fake_close(const struct mshv_sys *sys, int fd)
{
	(void)sys;
	(void)fd;
	mshv_fake_state.open_count--;
}

static int fake_run(struct mshv_message *msg)
{
	struct mshv_fake_state *s = &mshv_fake_state;

	while (s->run_blocks)
		usleep(1000);
	if (s->script_at == s->script_len)
		return -EINTR;
	s->at_run[s->script_at] = s->page;
	s->page.dirty = 0;
	s->page.is_valid = 1;
	*msg = s->script[s->script_at++];
	return 0;
}

static int fake_hvcall(struct mshv_hvcall *call)
{
	call->status = 0;
	if (call->out_ptr)
		memset((void *)(uintptr_t)call->out_ptr, 0, call->out_bytes);
	return 0;
}

static int fake_ioctl(const struct mshv_sys *sys, int fd, unsigned long request,
		      void *arg)
{
	struct mshv_fake_state *s = &mshv_fake_state;

	(void)sys;
	(void)fd;
	if (s->failing_times && request == s->failing_request) {
		s->failing_times--;
		return s->failing_code;
	}
	if (request == MSHV_RUN_VP)
		return fake_run(arg);
	if (fails())
		return -EIO;
	if (request == MSHV_ROOT_HVCALL)
		return fake_hvcall(arg);
	if (request == MSHV_CREATE_PARTITION || request == MSHV_CREATE_VP)
		return 101 + s->open_count++;
	return 0;
}

static int fake_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
			 void **page)
{
	(void)sys;
	(void)fd;
	(void)index;
	if (mshv_fake_state.has_no_page || fails())
		return -ENODEV;
	mshv_fake_state.open_count++;
	*page = &mshv_fake_state.page;
	return 0;
}

static void fake_page_unmap(const struct mshv_sys *sys, void *page)
{
	(void)sys;
	(void)page;
	mshv_fake_state.open_count--;
}

const struct mshv_sys mshv_fake_sys = {
	.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.page_map = fake_page_map,
	.page_unmap = fake_page_unmap,
	.ram_read = sys_ram_read_plain,
	.ram_write = sys_ram_write_plain,
};

static int fake_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			  struct err *err)
{
	return mshv_vm_create_on(&mshv_fake_sys, cfg, out, err);
}

const struct hv_ops hv_mshv_fake = MSHV_HV_OPS("mshv-fake", fake_vm_create);
