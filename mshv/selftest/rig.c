// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_rig - the fixture of the conformance test. Written from the ABI
 * and independent of the backend in mshv/, so that the two cannot share an
 * error.
 */
#include "mshv/selftest/rig.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "harness/base/clock.h"
#include "mshv/sys.h"

#define ALARM_PERIOD_US 10000
#define HANDLER_BYTES 16u

void rig_open(struct rig *rig, const struct check *check)
{
	*rig = (struct rig){.check = check, .pt = -1, .vp = -1};
	rig->dev = sys_open(check->sys, check->path);
	check_fd(check, rig->dev, "open '%s'", check->path);
}

void rig_create(struct rig *rig, const struct check *check, uint64_t flags)
{
	struct mshv_create_partition arg = {.flags = flags};
	int ret;

	rig_open(rig, check);
	rig->pt = rig_ioctl(rig, rig->dev, MSHV_CREATE_PARTITION, &arg);
	check_fd(check, rig->pt, "CREATE_PARTITION with flags 0x%llx",
		 (unsigned long long)flags);
	ret = rig_ioctl(rig, rig->pt, MSHV_INITIALIZE_PARTITION, NULL);
	check_ret(check, ret, 0, "INITIALIZE_PARTITION");
}

void rig_build(struct rig *rig, const struct check *check, uint64_t flags)
{
	int ret;

	rig_create(rig, check, flags);
	rig->ram = rig_pages(check, RIG_RAM_BYTES);
	ret = rig_memory(rig, 0, rig->ram, RIG_RAM_BYTES, RIG_RWX);
	check_ret(check, ret, 0, "SET_GUEST_MEMORY of 64 KiB at 0");
	rig->vp = rig_vp_create(rig, 0);
	check_fd(check, rig->vp, "CREATE_VP 0");
}

void rig_boot(struct rig *rig, const struct check *check, uint64_t flags,
	      const void *code, size_t len)
{
	struct mshv_segment cs;

	rig_build(rig, check, flags);
	rig_load(rig, RIG_CODE, code, len);
	cs = rig_reg(rig, MSHV_REG_CS).segment;
	cs.base = 0;
	cs.selector = 0;
	rig_segment_set(rig, MSHV_REG_CS, cs);
	rig_reg_set(rig, MSHV_REG_RIP, RIG_CODE);
	rig_reg_set(rig, MSHV_REG_RSP, RIG_STACK);
	rig_reg_set(rig, MSHV_REG_RFLAGS, 2);
}

void rig_load(struct rig *rig, uint64_t gpa, const void *bytes, size_t len)
{
	sys_ram_write(rig->check->sys, rig->ram + gpa, bytes, len);
}

uint8_t rig_peek(struct rig *rig, uint64_t gpa)
{
	uint8_t byte;

	sys_ram_read(rig->check->sys, rig->ram + gpa, &byte, sizeof(byte));
	return byte;
}

uint8_t *rig_pages(const struct check *check, size_t len)
{
	void *pages;

	pages = mmap(NULL, len, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		check_end(check, SELFTEST_SKIP, "cannot allocate %zu bytes",
			  len);
	return pages;
}

int rig_ioctl(struct rig *rig, int fd, unsigned long request, void *arg)
{
	return sys_ioctl(rig->check->sys, fd, request, arg);
}

int rig_vp_create(struct rig *rig, uint32_t index)
{
	struct mshv_create_vp arg = {.index = index};

	return rig_ioctl(rig, rig->pt, MSHV_CREATE_VP, &arg);
}

int rig_memory(struct rig *rig, uint64_t gpa, void *host, uint64_t size_bytes,
	       uint8_t flags)
{
	struct mshv_mem_region arg = {
		.size_bytes = size_bytes,
		.guest_pfn = gpa / MSHV_PAGE_BYTES,
		.host_addr = RIG_PTR(host),
		.flags = flags,
	};

	return rig_ioctl(rig, rig->pt, MSHV_SET_GUEST_MEMORY, &arg);
}

int rig_hvcall(struct rig *rig, int fd, struct mshv_hvcall *call)
{
	const struct mshv_hvcall asked = *call;
	int ret;

	do {
		*call = asked;
		ret = rig_ioctl(rig, fd, MSHV_ROOT_HVCALL, call);
	} while (ret == -EAGAIN);
	return ret;
}

int rig_property_get(struct rig *rig, uint32_t code, uint64_t *value,
		     uint16_t *status)
{
	struct mshv_in_get_property in = {.code = code};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_GET_PROPERTY,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
		.out_bytes = sizeof(*value),
		.out_ptr = RIG_PTR(value),
	};
	int ret;

	*value = 0;
	ret = rig_hvcall(rig, rig->pt, &call);
	*status = call.status;
	return ret;
}

int rig_property_set(struct rig *rig, uint32_t code, uint64_t value,
		     uint16_t *status)
{
	struct mshv_in_set_property in = {.code = code, .value = value};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_SET_PROPERTY,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
	};
	int ret;

	ret = rig_hvcall(rig, rig->pt, &call);
	*status = call.status;
	return ret;
}

int rig_regs_get(struct rig *rig, int fd, uint32_t vp, const uint32_t *names,
		 union mshv_value *values, uint16_t *count, uint16_t *status)
{
	struct {
		struct mshv_in_registers header;
		uint32_t names[RIG_MAX_REGISTERS];
	} in = {.header.vp = vp};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_GET_VP_REGISTERS,
		.reps = *count,
		.in_ptr = RIG_PTR(&in),
		.out_ptr = RIG_PTR(values),
	};
	int ret;

	memcpy(in.names, names, *count * sizeof(*names));
	call.in_bytes = (uint16_t)(sizeof(in.header) + *count * sizeof(*names));
	call.out_bytes = (uint16_t)(*count * sizeof(*values));
	ret = rig_hvcall(rig, fd, &call);
	*count = call.reps;
	*status = call.status;
	return ret;
}

int rig_regs_set(struct rig *rig, int fd, uint32_t vp,
		 const struct mshv_register *regs, uint16_t *count,
		 uint16_t *status)
{
	struct {
		struct mshv_in_registers header;
		struct mshv_register regs[RIG_MAX_REGISTERS];
	} in = {.header.vp = vp};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_SET_VP_REGISTERS,
		.reps = *count,
		.in_ptr = RIG_PTR(&in),
	};
	int ret;

	memcpy(in.regs, regs, *count * sizeof(*regs));
	call.in_bytes = (uint16_t)(sizeof(in.header) + *count * sizeof(*regs));
	ret = rig_hvcall(rig, fd, &call);
	*count = call.reps;
	*status = call.status;
	return ret;
}

union mshv_value rig_reg(struct rig *rig, uint32_t name)
{
	union mshv_value value = {.words = {0, 0}};
	uint16_t count = 1;
	uint16_t status;
	int ret;

	ret = rig_regs_get(rig, rig->vp, 0, &name, &value, &count, &status);
	check_ret(rig->check, ret, 0,
		  "GET_VP_REGISTERS of 0x%x (hypervisor status 0x%x)", name,
		  status);
	return value;
}

static void reg_set(struct rig *rig, const struct mshv_register *reg)
{
	uint16_t count = 1;
	uint16_t status;
	int ret;

	ret = rig_regs_set(rig, rig->vp, 0, reg, &count, &status);
	check_ret(rig->check, ret, 0,
		  "SET_VP_REGISTERS of 0x%x to 0x%llx (status 0x%x)", reg->name,
		  (unsigned long long)reg->value.u64, status);
}

void rig_reg_set(struct rig *rig, uint32_t name, uint64_t value)
{
	reg_set(rig, &(struct mshv_register){.name = name, .value.u64 = value});
}

void rig_segment_set(struct rig *rig, uint32_t name,
		     struct mshv_segment segment)
{
	reg_set(rig, &(struct mshv_register){.name = name,
					     .value.segment = segment});
}

struct mshv_register_page *rig_page(struct rig *rig)
{
	void *page;
	int ret;

	ret = sys_page_map(rig->check->sys, rig->vp, MSHV_VP_PAGE_REGISTERS,
			   &page);
	if (ret == -ENODEV)
		check_end(rig->check, SELFTEST_SKIP, "no register page");
	check_ret(rig->check, ret, 0, "mmap of the register page");
	return page;
}

static void on_alarm(int sig)
{
	(void)sig;
}

void rig_alarm(const struct check *check, unsigned int first_ms)
{
	/* Without SA_RESTART, and repeated: one that comes early is lost. */
	const struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {
		.it_value.tv_sec = first_ms / 1000,
		.it_value.tv_usec = first_ms % 1000 * 1000,
		.it_interval.tv_usec = ALARM_PERIOD_US,
	};

	sigaction(SIGALRM, &action, NULL);
	if (setitimer(ITIMER_REAL, &timer, NULL))
		check_end(check, SELFTEST_SKIP, "no timer: %s",
			  strerror(errno));
}

void rig_run_on(struct rig *rig, int vp_fd)
{
	uint64_t deadline_ns;
	int ret;

	deadline_ns = clock_mono_ns() + RIG_LIMIT_MS * 1000000ULL;
	rig_alarm(rig->check, RIG_LIMIT_MS);
	do {
		ret = rig_ioctl(rig, vp_fd, MSHV_RUN_VP, &rig->msg);
	} while ((ret == -EINTR || ret == -EAGAIN) &&
		 clock_mono_ns() < deadline_ns);
	rig_alarm(rig->check, 0);

	if (ret == -EINTR && vp_fd == rig->vp)
		check_end(rig->check, SELFTEST_DEVIATION,
			  "no message within %d ms; the VP is at rip 0x%llx",
			  RIG_LIMIT_MS,
			  (unsigned long long)rig_reg(rig, MSHV_REG_RIP).u64);
	check_ret(rig->check, ret, 0, "RUN_VP");
}

void rig_run(struct rig *rig)
{
	rig_run_on(rig, rig->vp);
}

void rig_run_until(struct rig *rig, uint32_t type)
{
	rig_run(rig);
	check_u64(rig->check, rig->msg.type, type, "type of the message");
}

struct mshv_msg_io rig_run_io(struct rig *rig)
{
	struct mshv_msg_io io;

	rig_run_until(rig, MSHV_MSG_IO_PORT);
	check_u64(rig->check, rig->msg.payload_bytes, sizeof(io),
		  "payload size of an IO_PORT message");
	memcpy(&io, rig->msg.payload, sizeof(io));
	return io;
}

struct mshv_msg_memory rig_run_memory(struct rig *rig, uint32_t type)
{
	struct mshv_msg_memory memory;

	rig_run_until(rig, type);
	check_u64(rig->check, rig->msg.payload_bytes, sizeof(memory),
		  "payload size of a memory message");
	memcpy(&memory, rig->msg.payload, sizeof(memory));
	return memory;
}

uint32_t rig_run_out(struct rig *rig, uint16_t port)
{
	struct mshv_msg_io io = rig_run_io(rig);
	unsigned int size_bytes = io.info & MSHV_IO_SIZE;

	check_u64(rig->check, io.port, port, "port of the IO_PORT message");
	check_u64(rig->check, io.header.access, MSHV_ACCESS_WRITE,
		  "access of the OUT to port 0x%x", port);
	return (uint32_t)(io.rax & ((1ULL << 8 * size_bytes) - 1));
}

void rig_advance(struct rig *rig, unsigned int len)
{
	struct mshv_msg_header header;

	memcpy(&header, rig->msg.payload, sizeof(header));
	rig_reg_set(rig, MSHV_REG_RIP, header.rip + len);
}

void rig_handler(struct rig *rig, uint8_t vector)
{
	/* mov al, VECTOR; out 0x80, al; jmp $ */
	const uint8_t code[] = {0xb0, vector, 0xe6, 0x80, 0xeb, 0xfe};
	uint64_t gpa = RIG_HANDLER + vector * HANDLER_BYTES;
	const uint16_t entry[] = {(uint16_t)gpa, 0};

	rig_load(rig, gpa, code, sizeof(code));
	rig_load(rig, vector * sizeof(entry), entry, sizeof(entry));
}

void rig_lapic_enable(struct rig *rig)
{
	struct mshv_lapic *lapic = (void *)rig_pages(rig->check, 4096);
	struct mshv_vp_state state = {
		.type = MSHV_STATE_LAPIC,
		.buf_bytes = MSHV_PAGE_BYTES,
		.buf_ptr = RIG_PTR(lapic),
	};
	int ret;

	ret = rig_ioctl(rig, rig->vp, MSHV_GET_VP_STATE, &state);
	check_ret(rig->check, ret, 0, "GET_VP_STATE of the LAPIC");
	lapic->svr = 0x1ff;
	state.buf_bytes = MSHV_PAGE_BYTES;
	ret = rig_ioctl(rig, rig->vp, MSHV_SET_VP_STATE, &state);
	check_ret(rig->check, ret, 0, "SET_VP_STATE of the LAPIC");
}

int rig_assert(struct rig *rig, uint64_t control, uint64_t dest,
	       uint32_t vector)
{
	struct mshv_in_assert in = {
		.control = control,
		.dest = dest,
		.vector = vector,
	};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_ASSERT_INTERRUPT,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
	};

	return rig_hvcall(rig, rig->pt, &call);
}

void rig_boot_sti(struct rig *rig, const struct check *check)
{
	/* sti; jmp $ */
	static const uint8_t code[] = {0xfb, 0xeb, 0xfe};

	RIG_BOOT(rig, check, RIG_FLAGS, code);
	rig_lapic_enable(rig);
}
