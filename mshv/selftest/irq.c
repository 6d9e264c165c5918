// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_irq - interrupts that the VMM asserts, the report of the guest's
 * EOI, and the local APIC in the hypervisor.
 */
#include <errno.h>
#include <string.h>

#include "mshv/selftest/rig.h"

#define EOI_HANDLER 0x5000u
#define EOI_VECTOR 0x41
#define TIMER_VECTOR 0x50
#define AP_WAIT_MS 30

static void irq_assert(const struct check *check)
{
	struct rig rig;

	rig_boot_sti(&rig, check);
	rig_handler(&rig, 0x40);
	check_ret(check, rig_assert(&rig, MSHV_INT_FIXED, 0, 0x40), 0,
		  "ASSERT_VIRTUAL_INTERRUPT of vector 0x40");
	check_u64(check, rig_run_out(&rig, 0x80), 0x40,
		  "vector that the guest gets");
}

/* Vectors below 16 are the processor's own. */
static void irq_assert_low(const struct check *check)
{
	struct rig rig;

	rig_boot_sti(&rig, check);
	check_true(check, rig_assert(&rig, MSHV_INT_FIXED, 0, 15) < 0,
		   "ASSERT_VIRTUAL_INTERRUPT takes vector 15");
}

static void irq_nmi(const struct check *check)
{
	struct rig rig;

	rig_boot_sti(&rig, check);
	rig_handler(&rig, 2);
	check_ret(check, rig_assert(&rig, MSHV_INT_NMI, 0, 0), 0,
		  "ASSERT_VIRTUAL_INTERRUPT of an NMI");
	check_u64(check, rig_run_out(&rig, 0x80), 2,
		  "vector that the guest gets for an NMI");
}

static void eoi_boot(struct rig *rig, const struct check *check,
		     uint64_t control)
{
	/*
	 * mov al, 0x41; out 0x80, al; mov dword [0xfee000b0], 0;
	 * out 0x81, al; iret
	 */
	static const uint8_t handler[] = {
		0xb0, 0x41, 0xe6, 0x80, 0x67, 0x66, 0xc7, 0x05, 0xb0, 0x00,
		0xe0, 0xfe, 0x00, 0x00, 0x00, 0x00, 0xe6, 0x81, 0xcf};
	static const uint16_t entry[] = {EOI_HANDLER, 0};
	/* The APIC's page is out of reach of a 64 KiB segment. */
	static const struct mshv_segment big_real = {0, UINT32_MAX, 0, 0x8093};

	rig_boot_sti(rig, check);
	rig_segment_set(rig, MSHV_REG_DS, big_real);
	rig_load(rig, EOI_HANDLER, handler, sizeof(handler));
	rig_load(rig, EOI_VECTOR * sizeof(entry), entry, sizeof(entry));
	check_ret(check, rig_assert(rig, control, 0, EOI_VECTOR), 0,
		  "ASSERT_VIRTUAL_INTERRUPT of vector 0x41");
	check_u64(check, rig_run_out(rig, 0x80), EOI_VECTOR,
		  "vector that the guest gets");
	rig_advance(rig, 2);
}

static void irq_level_eoi(const struct check *check)
{
	struct mshv_msg_eoi eoi;
	struct rig rig;

	eoi_boot(&rig, check, MSHV_INT_FIXED | MSHV_ASSERT_LEVEL);
	rig_run_until(&rig, MSHV_MSG_APIC_EOI);
	check_u64(check, rig.msg.payload_bytes, sizeof(eoi),
		  "payload size of APIC_EOI");
	memcpy(&eoi, rig.msg.payload, sizeof(eoi));
	check_u64(check, eoi.vp, 0, "VP of APIC_EOI");
	check_u64(check, eoi.vector, EOI_VECTOR, "vector of APIC_EOI");
	/* Nothing has to be completed. */
	rig_run_out(&rig, 0x81);
}

static void irq_edge_eoi(const struct check *check)
{
	struct rig rig;

	eoi_boot(&rig, check, MSHV_INT_FIXED);
	rig_run_out(&rig, 0x81);
}

/* The guest turns on x2APIC and its timer, and sleeps until that fires. */
static void irq_x2apic_timer(const struct check *check)
{
	/*
	 * APIC_BASE |= 0x400 (x2APIC); SVR = 0x1ff; DIVIDE = 0xb (by 1);
	 * LVT timer = 0x50; INITIAL COUNT = 0x10000; sti; hlt; jmp to hlt
	 */
	static const uint8_t code[] = {
		0x66, 0xb9, 0x1b, 0x00, 0x00, 0x00, 0x0f, 0x32, 0x66, 0x0d,
		0x00, 0x04, 0x00, 0x00, 0x0f, 0x30, 0x66, 0xb9, 0x0f, 0x08,
		0x00, 0x00, 0x66, 0xb8, 0xff, 0x01, 0x00, 0x00, 0x66, 0x31,
		0xd2, 0x0f, 0x30, 0x66, 0xb9, 0x3e, 0x08, 0x00, 0x00, 0x66,
		0xb8, 0x0b, 0x00, 0x00, 0x00, 0x0f, 0x30, 0x66, 0xb9, 0x32,
		0x08, 0x00, 0x00, 0x66, 0xb8, 0x50, 0x00, 0x00, 0x00, 0x0f,
		0x30, 0x66, 0xb9, 0x38, 0x08, 0x00, 0x00, 0x66, 0xb8, 0x00,
		0x00, 0x01, 0x00, 0x0f, 0x30, 0xfb, 0xf4, 0xeb, 0xfd,
	};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	rig_handler(&rig, TIMER_VECTOR);
	/* So that a #GP of a WRMSR can be told from silence. */
	rig_handler(&rig, 13);
	check_u64(check, rig_run_out(&rig, 0x80), TIMER_VECTOR,
		  "vector that the guest gets for its APIC timer");
}

static void irq_ap(const struct check *check)
{
	/* out 0x80, al; jmp $ */
	static const uint8_t code[] = {0xe6, 0x80, 0xeb, 0xfe};
	struct mshv_message message;
	struct mshv_msg_io io;
	struct rig rig;
	int ap, ret;

	rig_build(&rig, check, RIG_FLAGS);
	rig_load(&rig, RIG_AP_CODE, code, sizeof(code));
	ap = rig_vp_create(&rig, 1);
	check_fd(check, ap, "CREATE_VP 1");

	rig_alarm(check, AP_WAIT_MS);
	ret = rig_ioctl(&rig, ap, MSHV_RUN_VP, &message);
	rig_alarm(check, 0);
	check_ret(check, ret, -EINTR, "RUN_VP of an AP that nobody started");

	check_ret(check, rig_assert(&rig, MSHV_INT_INIT, 1, 0), 0,
		  "ASSERT_VIRTUAL_INTERRUPT of INIT to VP 1");
	check_ret(check, rig_assert(&rig, MSHV_INT_SIPI, 1, RIG_AP_CODE >> 12),
		  0, "ASSERT_VIRTUAL_INTERRUPT of SIPI to VP 1");
	rig_run_on(&rig, ap);
	check_u64(check, rig.msg.type, MSHV_MSG_IO_PORT,
		  "type of the AP's first message");
	memcpy(&io, rig.msg.payload, sizeof(io));
	check_u64(check, io.header.vp, 1, "VP of the AP's first message");
	check_u64(check, io.header.cs.base, RIG_AP_CODE,
		  "cs base of an AP after SIPI");
	check_u64(check, io.header.rip, 0, "rip of an AP after SIPI");
}

const struct selftest_check selftest_irq_checks[] = {
	{"irq_assert", irq_assert},
	{"irq_assert_low", irq_assert_low},
	{"irq_nmi", irq_nmi},
	{"irq_level_eoi", irq_level_eoi},
	{"irq_edge_eoi", irq_edge_eoi},
	{"irq_x2apic_timer", irq_x2apic_timer},
	{"irq_ap", irq_ap},
	{NULL, NULL},
};
