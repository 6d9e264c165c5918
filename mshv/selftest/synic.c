// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_synic - events and messages that the VMM sends to a guest which has
 * turned on its synthetic interrupt controller.
 */
#include <string.h>

#include "mshv/selftest/rig.h"

#define SINT 2
#define VECTOR 0x60
#define GENERAL_PROTECTION 13
#define READY_PORT 0x70
#define READER 0x5000u
#define EVENT_PAGE 0x6000u
#define MESSAGE_PAGE 0x7000u
#define SLOT_BYTES 256u
#define BIT(n) (1ULL << (n))

/* mov ecx, MSR; mov eax, VALUE; xor edx, edx; wrmsr */
#define LE32(v) (v) & 0xff, (v) >> 8 & 0xff, (v) >> 16 & 0xff, (v) >> 24 & 0xff
#define WRMSR(msr, value)                                                 \
	0x66, 0xb9, LE32(msr), 0x66, 0xb8, LE32(value), 0x66, 0x31, 0xd2, \
		0x0f, 0x30

/* Pages on, the SINT with auto-EOI, x2APIC on; then out READY_PORT, sti, jmp $. */
static const uint8_t guest[] = {WRMSR(0x40000082, EVENT_PAGE | 1),
				WRMSR(0x40000083, MESSAGE_PAGE | 1),
				WRMSR(0x40000090 + SINT, 1 << 17 | VECTOR),
				WRMSR(0x40000080, 1),
				WRMSR(0x1b, 0xfee00d00),
				WRMSR(0x80f, 0x1ff),
				0xe6,
				READY_PORT,
				0xfb,
				0xeb,
				0xfe};

/* As rig_boot(), with a partition that has a SynIC. */
static void synic_boot(struct rig *rig, const struct check *check)
{
	struct mshv_create_partition arg = {.flags = RIG_FLAGS};
	struct mshv_segment cs;
	struct mshv_msg_io io;
	uint16_t status;

	rig_open(rig, check);
	rig->pt = rig_ioctl(rig, rig->dev, MSHV_CREATE_PARTITION, &arg);
	check_fd(check, rig->pt, "CREATE_PARTITION");
	if (rig_property_set(rig, MSHV_PROP_SYNTHETIC_FEATURES,
			     BIT(MSHV_SYN_HYPERVISOR_PRESENT) |
				     BIT(MSHV_SYN_HV1) | BIT(MSHV_SYN_SYNIC),
			     &status))
		check_end(check, SELFTEST_SKIP,
			  "a SynIC cannot be assigned (status 0x%x)", status);
	check_ret(check,
		  rig_ioctl(rig, rig->pt, MSHV_INITIALIZE_PARTITION, NULL), 0,
		  "INITIALIZE_PARTITION");
	rig->ram = rig_pages(check, RIG_RAM_BYTES);
	check_ret(check, rig_memory(rig, 0, rig->ram, RIG_RAM_BYTES, RIG_RWX),
		  0, "SET_GUEST_MEMORY of 64 KiB at 0");
	rig->vp = rig_vp_create(rig, 0);
	check_fd(check, rig->vp, "CREATE_VP 0");
	rig_load(rig, RIG_CODE, guest, sizeof(guest));
	rig_handler(rig, VECTOR);
	rig_handler(rig, GENERAL_PROTECTION);
	cs = rig_reg(rig, MSHV_REG_CS).segment;
	cs.base = 0;
	cs.selector = 0;
	rig_segment_set(rig, MSHV_REG_CS, cs);
	rig_reg_set(rig, MSHV_REG_RIP, RIG_CODE);
	rig_reg_set(rig, MSHV_REG_RSP, RIG_STACK);
	rig_reg_set(rig, MSHV_REG_RFLAGS, 2);
	io = rig_run_io(rig);
	if (io.port != READY_PORT)
		check_end(check, SELFTEST_SKIP,
			  "the guest finds no SynIC: its MSRs fault");
	rig_advance(rig, 2);
}

static uint16_t signal_event(struct rig *rig, uint16_t flag, uint8_t *is_new)
{
	const struct mshv_in_signal_event in = {.sint = SINT, .flag = flag};
	uint64_t out = 0;
	struct mshv_hvcall call = {.code = MSHV_HVCALL_SIGNAL_EVENT,
				   .in_bytes = sizeof(in),
				   .in_ptr = RIG_PTR(&in),
				   .out_bytes = sizeof(out),
				   .out_ptr = RIG_PTR(&out)};

	rig_hvcall(rig, rig->pt, &call);
	*is_new = (uint8_t)out;
	return call.status;
}

/* The pages may lie over RAM, where only the guest sees them (TLFS, "SIM and
 * SIEF Pages"): mov al, [gpa]; out 0x80, al for each of two; jmp $. */
static void load_reader(struct rig *rig, uint16_t first, uint16_t second)
{
	const uint8_t code[] = {0xa0,
				(uint8_t)first,
				(uint8_t)(first >> 8),
				0xe6,
				0x80,
				0xa0,
				(uint8_t)second,
				(uint8_t)(second >> 8),
				0xe6,
				0x80,
				0xeb,
				0xfe};
	const uint16_t entry[] = {READER, 0};

	rig_load(rig, READER, code, sizeof(code));
	rig_load(rig, VECTOR * sizeof(entry), entry, sizeof(entry));
}

static void synic_event(const struct check *check)
{
	struct rig rig;
	uint8_t is_new;

	synic_boot(&rig, check);
	load_reader(&rig, EVENT_PAGE + SINT * SLOT_BYTES,
		    EVENT_PAGE + SINT * SLOT_BYTES + 1);
	check_u64(check, signal_event(&rig, 11, &is_new), 0,
		  "status of SIGNAL_EVENT");
	check_u64(check, is_new, 1, "the flag was not set before");
	check_u64(check, signal_event(&rig, 11, &is_new), 0,
		  "status of a second SIGNAL_EVENT");
	check_u64(check, is_new, 0, "the flag was set before");
	check_u64(check, rig_run_out(&rig, 0x80), 0, "byte of flags 0 to 7");
	rig_advance(&rig, 2);
	check_u64(check, rig_run_out(&rig, 0x80), 1 << 3,
		  "byte of flag 11 in the event page");
}

static void synic_message(const struct check *check)
{
	struct mshv_in_post_message in = {.sint = SINT};
	struct mshv_hvcall call = {.code = MSHV_HVCALL_POST_MESSAGE,
				   .in_bytes = sizeof(in),
				   .in_ptr = RIG_PTR(&in)};
	struct rig rig;
	int ret;

	synic_boot(&rig, check);
	load_reader(&rig, MESSAGE_PAGE + SINT * SLOT_BYTES,
		    MESSAGE_PAGE + SINT * SLOT_BYTES + 255);
	memset(in.message, 0x5a, sizeof(in.message));
	in.message[255] = 0xa5;
	ret = rig_hvcall(&rig, rig.pt, &call);
	check_ret(check, ret, 0, "POST_MESSAGE (status 0x%x)", call.status);
	check_u64(check, rig_run_out(&rig, 0x80), 0x5a,
		  "first byte of the message");
	rig_advance(&rig, 2);
	check_u64(check, rig_run_out(&rig, 0x80), 0xa5,
		  "last byte of the message");
}

/* What cannot be: a VP, a source and a flag that there are not; no SynIC. */
static void synic_refused(const struct check *check)
{
	struct rig rig;
	uint8_t is_new;

	rig_boot_sti(&rig, check);
	check_true(check, signal_event(&rig, 0, &is_new) != 0,
		   "SIGNAL_EVENT reaches a guest without a SynIC");
	check_true(check, signal_event(&rig, 2048, &is_new) != 0,
		   "SIGNAL_EVENT takes flag 2048");
}

const struct selftest_check selftest_synic_checks[] = {
	{"synic_event", synic_event},
	{"synic_message", synic_message},
	{"synic_refused", synic_refused},
	{NULL, NULL},
};
