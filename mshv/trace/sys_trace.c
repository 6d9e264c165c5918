// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/trace/sys_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mshv/abi.h"
#include "mshv/sys.h"
#include "runners/vmm/trace.h"

#define MAX_FDS 4096

/* A VP's register page, as it was when the VP was last outside. */
struct page_copy {
	const uint8_t *page; /* NULL: not mapped */
	uint8_t last[sizeof(struct mshv_register_page)];
};

static const struct mshv_sys *wrapped; /* set once, before any call */
static uint8_t kinds[MAX_FDS];         /* enum sys_kind */
static struct page_copy *copies[MAX_FDS];

static size_t append(uint8_t *bytes, size_t at, const void *from, size_t len)
{
	if (from && len <= SYS_CALL_MAX_BYTES - at) {
		memcpy(bytes + at, from, len);
		at += len;
	}
	return at;
}

static void *pointer(uint64_t value)
{
	return (void *)(uintptr_t)value;
}

size_t sys_call_input(enum sys_kind kind, unsigned long request,
		      const void *arg, uint8_t *bytes)
{
	size_t at = arg ? append(bytes, 0, arg, _IOC_SIZE(request)) : 0;

	if (request == MSHV_ROOT_HVCALL) {
		struct mshv_hvcall call = *(const struct mshv_hvcall *)arg;
		const void *in = pointer(call.in_ptr);

		call.in_ptr = call.out_ptr = 0;
		memcpy(bytes, &call, sizeof(call));
		at = append(bytes, at, in, call.in_bytes);
	} else if (kind == SYS_VP) {
		struct mshv_vp_state state = *(const struct mshv_vp_state *)arg;
		const void *buf = pointer(state.buf_ptr);

		state.buf_ptr = 0;
		memcpy(bytes, &state, sizeof(state));
		if (request == MSHV_SET_VP_STATE)
			at = append(bytes, at, buf, state.buf_bytes);
	} else if (kind == SYS_PARTITION && request == MSHV_SET_MSI_ROUTING) {
		const struct mshv_route_table *table = arg;

		at = append(bytes, at, table->entries,
			    table->count * sizeof(table->entries[0]));
	} else if (kind == SYS_PARTITION && request == MSHV_SET_GUEST_MEMORY) {
		struct mshv_mem_region region =
			*(const struct mshv_mem_region *)arg;

		region.host_addr = 0;
		memcpy(bytes, &region, sizeof(region));
	}
	return at;
}

size_t sys_call_output(enum sys_kind kind, unsigned long request,
		       const void *arg, uint8_t *bytes)
{
	size_t at = 0;

	if (request == MSHV_ROOT_HVCALL) {
		struct mshv_hvcall call = *(const struct mshv_hvcall *)arg;
		const void *out = pointer(call.out_ptr);

		call.in_ptr = call.out_ptr = 0;
		at = append(bytes, at, &call, sizeof(call));
		at = append(bytes, at, out, call.out_bytes);
	} else if (kind == SYS_VP) {
		struct mshv_vp_state state = *(const struct mshv_vp_state *)arg;
		const void *buf = pointer(state.buf_ptr);

		state.buf_ptr = 0;
		at = append(bytes, at, &state, sizeof(state));
		if (request == MSHV_GET_VP_STATE)
			at = append(bytes, at, buf, state.buf_bytes);
	}
	return at;
}

static void copy_out(uint64_t to, size_t room, const uint8_t *from, size_t len)
{
	if (to)
		memcpy(pointer(to), from, len < room ? len : room);
}

void sys_call_deliver(enum sys_kind kind, unsigned long request, void *arg,
		      const uint8_t *bytes, size_t len)
{
	if (request == MSHV_ROOT_HVCALL && len >= sizeof(struct mshv_hvcall)) {
		struct mshv_hvcall *call = arg;
		struct mshv_hvcall given;

		memcpy(&given, bytes, sizeof(given));
		call->status = given.status;
		call->reps = given.reps;
		copy_out(call->out_ptr, call->out_bytes, bytes + sizeof(given),
			 len - sizeof(given));
	} else if (kind == SYS_VP && request != MSHV_ROOT_HVCALL &&
		   len >= sizeof(struct mshv_vp_state)) {
		struct mshv_vp_state *state = arg;

		if (request == MSHV_GET_VP_STATE)
			copy_out(state->buf_ptr, state->buf_bytes,
				 bytes + sizeof(*state), len - sizeof(*state));
	}
}

static enum sys_kind kind_of(int fd)
{
	return fd >= 0 && fd < MAX_FDS ? (enum sys_kind)kinds[fd] : SYS_DEVICE;
}

static void kind_set(int fd, enum sys_kind kind)
{
	if (fd >= 0 && fd < MAX_FDS)
		kinds[fd] = (uint8_t)kind;
}

static int traced_open(const struct mshv_sys *sys, const char *path)
{
	int fd = sys_open(wrapped, path);

	(void)sys;
	kind_set(fd, SYS_DEVICE);
	trace_line("S open = %d", fd);
	return fd;
}

static void traced_close(const struct mshv_sys *sys, int fd)
{
	(void)sys;
	if (fd < MAX_FDS) {
		free(copies[fd]);
		copies[fd] = NULL;
	}
	sys_close(wrapped, fd);
	trace_line("S close %d", fd);
}

/* The difference to the page's last state, which it also updates. */
static const char *page_changes(struct page_copy *copy, char *text)
{
	uint8_t changes[sizeof(copy->last)];
	bool any = false;
	size_t i;

	if (!copy || !copy->page)
		return "-";
	for (i = 0; i < sizeof(changes); i++) {
		changes[i] = copy->last[i] ^ copy->page[i];
		any |= changes[i] != 0;
	}
	memcpy(copy->last, copy->page, sizeof(copy->last));
	return trace_encode(changes, any ? sizeof(changes) : 0, text);
}

/* Of a call that may have the device write to the page: what it wrote, behind a
 * blank, or "". What the VMM has written there is for the next run. */
static const char *device_changes(struct page_copy *copy, const uint8_t *before,
				  char *text)
{
	uint8_t changes[sizeof(copy->last)];
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(changes); i++) {
		changes[i] = before[i] ^ copy->page[i];
		copy->last[i] ^= changes[i];
		any |= changes[i] != 0;
	}
	if (!any)
		return "";
	text[0] = ' ';
	trace_encode(changes, sizeof(changes), text + 1);
	return text;
}

static struct page_copy *copy_of(int fd)
{
	return fd >= 0 && fd < MAX_FDS ? copies[fd] : NULL;
}

static int traced_run(int fd, void *arg)
{
	struct page_copy *copy = copy_of(fd);
	char before[TRACE_TEXT_MAX(sizeof(copy->last))];
	char after[TRACE_TEXT_MAX(sizeof(copy->last))];
	char message[TRACE_TEXT_MAX(sizeof(struct mshv_message))];
	const char *given = page_changes(copy, before);
	int ret = sys_ioctl(wrapped, fd, MSHV_RUN_VP, arg);

	trace_line("S run %d %s = %d %s %s", fd, given, ret,
		   trace_encode(arg, ret ? 0 : sizeof(struct mshv_message),
				message),
		   page_changes(copy, after));
	return ret;
}

static int traced_ioctl(const struct mshv_sys *sys, int fd,
			unsigned long request, void *arg)
{
	char text[2][TRACE_TEXT_MAX(SYS_CALL_MAX_BYTES)];
	uint8_t bytes[SYS_CALL_MAX_BYTES];
	struct page_copy *copy = copy_of(fd);
	char changes[1 + TRACE_TEXT_MAX(sizeof(copy->last))];
	uint8_t before[sizeof(copy->last)];
	enum sys_kind kind = kind_of(fd);
	const char *in, *out;
	int ret;

	(void)sys;
	if (kind == SYS_VP && request == MSHV_RUN_VP)
		return traced_run(fd, arg);
	in = trace_encode(bytes, sys_call_input(kind, request, arg, bytes),
			  text[0]);
	if (copy)
		memcpy(before, copy->page, sizeof(before));
	ret = sys_ioctl(wrapped, fd, request, arg);
	if (kind == SYS_DEVICE && request == MSHV_CREATE_PARTITION)
		kind_set(ret, SYS_PARTITION);
	if (kind == SYS_PARTITION && request == MSHV_CREATE_VP)
		kind_set(ret, SYS_VP);
	out = trace_encode(bytes, sys_call_output(kind, request, arg, bytes),
			   text[1]);
	trace_line("S ioctl %d %lx %s = %d %s%s", fd, request, in, ret, out,
		   copy ? device_changes(copy, before, changes) : "");
	return ret;
}

static int traced_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
			   void **page)
{
	static const uint8_t empty[sizeof(struct mshv_register_page)];
	char changes[1 + TRACE_TEXT_MAX(sizeof(empty))] = "";
	int ret = sys_page_map(wrapped, fd, index, page);
	const char *first = "";

	(void)sys;
	if (!ret && index == MSHV_VP_PAGE_REGISTERS && fd < MAX_FDS) {
		free(copies[fd]);
		copies[fd] = calloc(1, sizeof(*copies[fd]));
		if (copies[fd]) {
			copies[fd]->page = *page;
			first = device_changes(copies[fd], empty, changes);
		}
	}
	trace_line("S page_map %d %u = %d%s", fd, index, ret, first);
	return ret;
}

static void traced_page_unmap(const struct mshv_sys *sys, void *page)
{
	(void)sys;
	sys_page_unmap(wrapped, page);
}

static void traced_ram_read(const struct mshv_sys *sys, const void *ram,
			    void *to, size_t len)
{
	char text[TRACE_TEXT_MAX(MSHV_PAGE_BYTES)];

	(void)sys;
	sys_ram_read(wrapped, ram, to, len);
	trace_line("S read = %s", trace_encode(to, len, text));
}

static void traced_ram_write(const struct mshv_sys *sys, void *ram,
			     const void *from, size_t len)
{
	char text[TRACE_TEXT_MAX(MSHV_PAGE_BYTES)];

	(void)sys;
	sys_ram_write(wrapped, ram, from, len);
	trace_line("S write %s", trace_encode(from, len, text));
}

/* No call of the device, and nothing that a replay could do anew. */
static int traced_ram_touch(const struct mshv_sys *sys, void *ram, size_t len,
			    bool is_write)
{
	(void)sys;
	return sys_ram_touch(wrapped, ram, len, is_write);
}

const struct mshv_sys *sys_trace(const struct mshv_sys *inner)
{
	static const struct mshv_sys traced = {
		.name = "trace",
		.open = traced_open,
		.close = traced_close,
		.ioctl = traced_ioctl,
		.page_map = traced_page_map,
		.page_unmap = traced_page_unmap,
		.ram_read = traced_ram_read,
		.ram_write = traced_ram_write,
		.ram_touch = traced_ram_touch,
	};

	if (!trace_is_on())
		return inner;
	wrapped = inner;
	return &traced;
}
