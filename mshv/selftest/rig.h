/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_SELFTEST_RIG_H
#define MSHV_SELFTEST_RIG_H

/*
 * selftest_rig - a partition with one VP and 64 KiB of RAM at 0, for checks.
 *
 * Setting up a rig also makes claims: functions that return nothing or a value
 * end the check if the device fails; functions that return an int return the
 * device's answer to the caller. A rig lasts as long as its process, nothing
 * is released.
 */
#include <stddef.h>
#include <stdint.h>

#include "mshv/abi.h"
#include "mshv/selftest/check.h"

/* Guest-physical addresses. */
#define RIG_RAM_BYTES 0x10000u
#define RIG_CODE 0x1000u
#define RIG_DATA 0x2000u
#define RIG_HANDLER 0x3000u /* + 16 for each vector */
#define RIG_STACK 0x8000u
#define RIG_AP_CODE 0x9000u
#define RIG_HOLE 0x20000u /* no memory here */

#define RIG_FLAGS (MSHV_PT_LAPIC | MSHV_PT_X2APIC)
#define RIG_RWX (MSHV_MEM_WRITABLE | MSHV_MEM_EXECUTABLE)
#define RIG_PTR(p) ((uint64_t)(uintptr_t)(p))

#define RIG_LIMIT_MS 2000 /* for a message that must come */

struct rig {
	const struct check *check;
	int dev;
	int pt;
	int vp;       /* VP 0 */
	uint8_t *ram; /* RIG_RAM_BYTES at GPA 0 */
	struct mshv_message msg;
};

/* Each does what the one before it does, and more. */
void rig_open(struct rig *rig, const struct check *check);
void rig_create(struct rig *rig, const struct check *check, uint64_t flags);
void rig_build(struct rig *rig, const struct check *check, uint64_t flags);

/* Real mode, all bases 0, LEN bytes of CODE at RIG_CODE, about to run them. */
void rig_boot(struct rig *rig, const struct check *check, uint64_t flags,
	      const void *code, size_t len);
#define RIG_BOOT(rig, check, flags, code) \
	rig_boot(rig, check, flags, code, sizeof(code))

/*
 * A guest that only takes interrupts: sti and jmp $ at RIG_CODE, its local APIC
 * enabled.
 */
void rig_boot_sti(struct rig *rig, const struct check *check);

void rig_load(struct rig *rig, uint64_t gpa, const void *bytes, size_t len);

/* The byte at GPA, as the host sees it. */
uint8_t rig_peek(struct rig *rig, uint64_t gpa);

/* Zeroed, shared, readable and writable. */
uint8_t *rig_pages(const struct check *check, size_t len);

/* One device call each. */
int rig_ioctl(struct rig *rig, int fd, unsigned long request, void *arg);
int rig_vp_create(struct rig *rig, uint32_t index);
int rig_memory(struct rig *rig, uint64_t gpa, void *host, uint64_t size_bytes,
	       uint8_t flags);

/* ROOT_HVCALL; repeats the EAGAIN of kernels that deposit a page at a time. */
int rig_hvcall(struct rig *rig, int fd, struct mshv_hvcall *call);
int rig_property_get(struct rig *rig, uint32_t code, uint64_t *value,
		     uint16_t *status);
int rig_property_set(struct rig *rig, uint32_t code, uint64_t value,
		     uint16_t *status);

/* At most RIG_MAX_REGISTERS of VP at once, through descriptor FD. */
#define RIG_MAX_REGISTERS 64
int rig_regs_get(struct rig *rig, int fd, uint32_t vp, const uint32_t *names,
		 union mshv_value *values, uint16_t *count, uint16_t *status);
int rig_regs_set(struct rig *rig, int fd, uint32_t vp,
		 const struct mshv_register *regs, uint16_t *count,
		 uint16_t *status);

/* One register of VP 0, which must work. */
union mshv_value rig_reg(struct rig *rig, uint32_t name);
void rig_reg_set(struct rig *rig, uint32_t name, uint64_t value);
void rig_segment_set(struct rig *rig, uint32_t name,
		     struct mshv_segment segment);

/* VP 0's register page. Ends the check as skipped where there is none. */
struct mshv_register_page *rig_page(struct rig *rig);

/* Run until there is a message in rig->msg. */
void rig_run(struct rig *rig);
void rig_run_on(struct rig *rig, int vp_fd);

/* Run until there is a message of this type. */
void rig_run_until(struct rig *rig, uint32_t type);
struct mshv_msg_io rig_run_io(struct rig *rig);
struct mshv_msg_memory rig_run_memory(struct rig *rig, uint32_t type);

/* Run until the guest writes to PORT; the value, cut to the access's size. */
uint32_t rig_run_out(struct rig *rig, uint16_t port);

/* Go on behind an instruction of LEN bytes that rig->msg stopped at. */
void rig_advance(struct rig *rig, unsigned int len);

/* SIGALRM after FIRST_MS and every 10 ms from then on; 0 ends it. */
void rig_alarm(const struct check *check, unsigned int first_ms);

/*
 * A handler in guest RAM, with its real-mode vector, that writes the vector
 * to port 0x80 and then waits without end.
 */
void rig_handler(struct rig *rig, uint8_t vector);

/* Software-enable the local APIC, by its state. */
void rig_lapic_enable(struct rig *rig);

int rig_assert(struct rig *rig, uint64_t control, uint64_t dest,
	       uint32_t vector);

#endif
