// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_vp - what a VP's descriptor does: its pages, its states, and how
 * RUN_VP ends without a message.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "mshv/selftest/rig.h"
#include "mshv/sys.h"

#define KICK_MS 20
#define XSAVE_BV 512 /* of the header; XCOMP_BV is behind it */
#define XSAVE_XMM 160
#define UNTOUCHED 0xa5

/* jmp $; out 0x80, al; jmp $ */
static const uint8_t spin_then_out[] = {0xeb, 0xfe, 0xe6, 0x80, 0xeb, 0xfe};
/* hlt; out 0x80, al; jmp $ */
static const uint8_t halt_then_out[] = {0xf4, 0xe6, 0x80, 0xeb, 0xfe};

static void kick(const struct check *check, const uint8_t *code, size_t len,
		 uint64_t out_rip)
{
	struct mshv_message message;
	struct rig rig;
	size_t i;
	int ret;

	rig_boot(&rig, check, RIG_FLAGS, code, len);
	memset(&message, UNTOUCHED, sizeof(message));
	rig_alarm(check, KICK_MS);
	ret = rig_ioctl(&rig, rig.vp, MSHV_RUN_VP, &message);
	rig_alarm(check, 0);
	check_ret(check, ret, -EINTR, "RUN_VP when a signal comes");
	for (i = 0; i < sizeof(message); i++)
		check_u64(check, ((uint8_t *)&message)[i], UNTOUCHED,
			  "byte %zu of the message after EINTR", i);

	/* It has only been stopped. */
	rig_reg_set(&rig, MSHV_REG_RIP, out_rip);
	rig_run_out(&rig, 0x80);
}

static void vp_kick(const struct check *check)
{
	kick(check, spin_then_out, sizeof(spin_then_out), RIG_CODE + 2);
}

/* With a LAPIC the hypervisor waits, and the VMM sees nothing of HLT. */
static void vp_kick_halted(const struct check *check)
{
	struct mshv_message message;
	struct rig rig;
	int ret;

	RIG_BOOT(&rig, check, RIG_FLAGS, halt_then_out);
	rig_alarm(check, KICK_MS);
	ret = rig_ioctl(&rig, rig.vp, MSHV_RUN_VP, &message);
	rig_alarm(check, 0);
	check_ret(check, ret, -EINTR, "RUN_VP of a VP in HLT, with a signal");
}

struct runner {
	struct rig *rig;
	atomic_bool has_ended; /* by the runner, read by main */
};

static void on_usr1(int sig)
{
	(void)sig;
}

static void *runner_main(void *arg)
{
	struct runner *runner = arg;
	struct mshv_message message;

	rig_ioctl(runner->rig, runner->rig->vp, MSHV_RUN_VP, &message);
	atomic_store(&runner->has_ended, true);
	return NULL;
}

/* The partition's descriptor is the one that does not wait for RUN_VP. */
static void vp_registers_while_running(const struct check *check)
{
	const struct timespec pause = {.tv_nsec = KICK_MS * 1000000L};
	const struct sigaction action = {.sa_handler = on_usr1};
	const uint32_t name = MSHV_REG_RIP;
	union mshv_value value;
	uint16_t count = 1;
	struct rig rig;
	struct runner runner = {.rig = &rig};
	pthread_t thread;
	uint16_t status;

	RIG_BOOT(&rig, check, RIG_FLAGS, spin_then_out);
	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&thread, NULL, runner_main, &runner))
		check_end(check, SELFTEST_SKIP, "cannot create a thread");
	nanosleep(&pause, NULL);

	/* Whether it may be read is the hypervisor's affair. */
	rig_regs_get(&rig, rig.pt, 0, &name, &value, &count, &status);
	check_true(check, !atomic_load(&runner.has_ended),
		   "GET_VP_REGISTERS through the partition waits for RUN_VP, "
		   "or RUN_VP of a VP that spins returns by itself");
	while (!atomic_load(&runner.has_ended)) {
		pthread_kill(thread, SIGUSR1);
		nanosleep(&pause, NULL);
	}
	pthread_join(thread, NULL);
}

static void vp_pages(const struct check *check)
{
	void *page;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	rig_page(&rig);
	check_ret(check,
		  sys_page_map(check->sys, rig.vp, MSHV_VP_PAGE_MESSAGE, &page),
		  0, "mmap of the message page");
	check_ret(check,
		  sys_page_map(check->sys, rig.vp, MSHV_VP_PAGE_GHCB, &page),
		  -ENODEV, "mmap of the GHCB page, without encryption");
	check_ret(check,
		  sys_page_map(check->sys, rig.vp, MSHV_VP_PAGE_COUNT, &page),
		  -EINVAL, "mmap of page 3");
}

static void vp_register_page(const struct check *check)
{
	struct mshv_register_page *page;
	struct mshv_segment cs;
	struct rig rig;
	uint32_t i;

	RIG_BOOT(&rig, check, RIG_FLAGS, halt_then_out);
	for (i = 0; i < 16; i++)
		rig_reg_set(&rig, MSHV_REG_RAX + i, 0x1234567800ULL + i);
	rig_reg_set(&rig, MSHV_REG_RIP, RIG_CODE + 1);
	page = rig_page(&rig);
	rig_run_out(&rig, 0x80);

	check_u64(check, page->is_valid, 1, "isvalid of the register page");
	check_u64(check, page->version, 1, "version of the register page");
	check_u64(check, page->dirty, 0, "dirty of the register page");
	for (i = 0; i < 16; i++)
		check_u64(check, page->gpr[i], 0x1234567800ULL + i,
			  "general register %u in the register page", i);
	check_u64(check, page->rip, RIG_CODE + 1, "rip in the register page");
	check_u64(check, page->rflags, rig_reg(&rig, MSHV_REG_RFLAGS).u64,
		  "rflags in the register page");
	cs = page->segments[1];
	check_u64(check, cs.base, 0, "cs base in the register page");
	check_u64(check, cs.limit, 0xffff, "cs limit in the register page");
	check_u64(check, page->cr0, rig_reg(&rig, MSHV_REG_CR0).u64,
		  "cr0 in the register page");
	check_u64(check, page->efer, rig_reg(&rig, MSHV_REG_EFER).u64,
		  "efer in the register page");
}

static void vp_message_page(const struct check *check)
{
	struct mshv_message *page;
	struct rig rig;
	void *mapped;

	RIG_BOOT(&rig, check, RIG_FLAGS, halt_then_out);
	rig_reg_set(&rig, MSHV_REG_RIP, RIG_CODE + 1);
	check_ret(
		check,
		sys_page_map(check->sys, rig.vp, MSHV_VP_PAGE_MESSAGE, &mapped),
		0, "mmap of the message page");
	page = mapped;
	rig_run_out(&rig, 0x80);
	check_true(check, !memcmp(page, &rig.msg, sizeof(*page)),
		   "the message page (type 0x%x) is not what RUN_VP returned",
		   page->type);
}

static int state_get(struct rig *rig, struct mshv_vp_state *state)
{
	return rig_ioctl(rig, rig->vp, MSHV_GET_VP_STATE, state);
}

static void vp_state_refused(const struct check *check)
{
	const struct mshv_vp_state good = {
		.type = MSHV_STATE_LAPIC,
		.buf_bytes = MSHV_PAGE_BYTES,
		.buf_ptr = RIG_PTR(rig_pages(check, 2 * MSHV_PAGE_BYTES)),
	};
	struct mshv_vp_state bad;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	bad = good;
	bad.type = MSHV_STATE_COUNT;
	check_ret(check, state_get(&rig, &bad), -EINVAL, "VP state of type 5");
	bad = good;
	bad.rsvd[2] = 1;
	check_ret(check, state_get(&rig, &bad), -EINVAL, "VP state with rsvd");
	bad = good;
	bad.buf_bytes = 0;
	check_ret(check, state_get(&rig, &bad), -EINVAL, "buf_sz 0");
	bad = good;
	bad.buf_bytes = 200;
	check_ret(check, state_get(&rig, &bad), -EINVAL, "buf_sz 200");
	bad = good;
	bad.buf_ptr += 64;
	check_ret(check, state_get(&rig, &bad), -EINVAL, "unaligned buf_ptr");
	bad = good;
	bad.buf_ptr = 0x1000; /* below vm.mmap_min_addr */
	check_ret(check, state_get(&rig, &bad), -EFAULT, "buf_ptr 0x1000");
}

/* The size is told first, whatever becomes of the rest. */
static void vp_state_sizes(const struct check *check)
{
	static const struct {
		uint8_t type;
		uint32_t size_bytes;
		const char *name;
	} states[] = {
		{MSHV_STATE_LAPIC, 4096, "LAPIC"},
		{MSHV_STATE_SIMP, 4096, "SIMP"},
		{MSHV_STATE_SIEFP, 4096, "SIEFP"},
		{MSHV_STATE_TIMERS, sizeof(struct mshv_timers), "timers"},
	};
	uint8_t *buf = rig_pages(check, 4 * MSHV_PAGE_BYTES);
	struct mshv_vp_state state;
	uint64_t xsave_bytes;
	uint16_t status;
	struct rig rig;
	size_t i;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		state = (struct mshv_vp_state){
			.type = states[i].type,
			.buf_bytes = 4 * MSHV_PAGE_BYTES,
			.buf_ptr = RIG_PTR(buf),
		};
		state_get(&rig, &state);
		check_u64(check, state.buf_bytes, states[i].size_bytes,
			  "buf_sz after GET_VP_STATE of %s", states[i].name);
	}
	ret = rig_property_get(&rig, MSHV_PROP_MAX_XSAVE_BYTES, &xsave_bytes,
			       &status);
	check_ret(check, ret, 0, "GET_PROPERTY of MAX_XSAVE_DATA_SIZE");
	state = (struct mshv_vp_state){
		.type = MSHV_STATE_XSAVE,
		.buf_bytes = 4 * MSHV_PAGE_BYTES,
		.buf_ptr = RIG_PTR(buf),
	};
	state_get(&rig, &state);
	check_u64(check, state.buf_bytes, xsave_bytes,
		  "buf_sz after GET_VP_STATE of XSAVE");
}

static void vp_state_lapic(const struct check *check)
{
	struct mshv_lapic *lapic = (void *)rig_pages(check, MSHV_PAGE_BYTES);
	struct mshv_vp_state state = {
		.type = MSHV_STATE_LAPIC,
		.buf_bytes = MSHV_PAGE_BYTES,
		.buf_ptr = RIG_PTR(lapic),
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, state_get(&rig, &state), 0, "GET_VP_STATE of LAPIC");
	/* LINT0 ExtINT, LINT1 NMI: what every VMM sets. */
	lapic->svr = 0x1ff;
	lapic->lvt_lint0 = 0x700;
	lapic->lvt_lint1 = 0x400;
	check_ret(check, rig_ioctl(&rig, rig.vp, MSHV_SET_VP_STATE, &state), 0,
		  "SET_VP_STATE of LAPIC");

	memset(lapic, 0, MSHV_PAGE_BYTES);
	check_ret(check, state_get(&rig, &state), 0,
		  "GET_VP_STATE of LAPIC after SET");
	check_u64(check, lapic->svr, 0x1ff, "LAPIC SVR");
	check_u64(check, lapic->lvt_lint0, 0x700, "LAPIC LINT0");
	check_u64(check, lapic->lvt_lint1, 0x400, "LAPIC LINT1");
}

static void xsave_state(struct rig *rig, struct mshv_vp_state *state)
{
	uint64_t len;
	uint16_t status;
	int ret;

	ret = rig_property_get(rig, MSHV_PROP_MAX_XSAVE_BYTES, &len, &status);
	check_ret(rig->check, ret, 0, "GET_PROPERTY of MAX_XSAVE_DATA_SIZE");
	len = (len + MSHV_PAGE_BYTES - 1) / MSHV_PAGE_BYTES * MSHV_PAGE_BYTES;
	*state = (struct mshv_vp_state){
		.type = MSHV_STATE_XSAVE,
		.buf_bytes = (uint32_t)len,
		.buf_ptr = RIG_PTR(rig_pages(rig->check, len)),
	};
}

static void vp_state_xsave(const struct check *check)
{
	const union mshv_value xmm3 = {
		.words = {0x1122334455667788ULL, 0x99aabbccddeeff00ULL}};
	const struct mshv_register reg = {.name = MSHV_REG_XMM0 + 3,
					  .value = xmm3};
	struct mshv_vp_state state, asked;
	uint64_t present, format;
	uint16_t count = 1;
	uint16_t status;
	const uint8_t *area;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, rig_regs_set(&rig, rig.vp, 0, &reg, &count, &status),
		  0, "SET_VP_REGISTERS of XMM3 (status 0x%x)", status);
	xsave_state(&rig, &state);
	asked = state;
	check_ret(check, state_get(&rig, &state), 0, "GET_VP_STATE of XSAVE");

	area = (const uint8_t *)(uintptr_t)state.buf_ptr;
	memcpy(&present, area + XSAVE_BV, sizeof(present));
	memcpy(&format, area + XSAVE_BV + 8, sizeof(format));
	check_u64(check, format >> 63, 1, "compaction bit of XCOMP_BV");
	check_u64(check, present >> 1 & 1, 1, "SSE bit of XSTATE_BV");
	check_true(check,
		   !memcmp(area + XSAVE_XMM + 3 * 16, &xmm3, sizeof(xmm3)),
		   "XMM3 in the XSAVE area is not what the register is");

	/* And back, after the register was lost. */
	state = asked;
	count = 1;
	rig_regs_set(&rig, rig.vp, 0,
		     &(struct mshv_register){.name = MSHV_REG_XMM0 + 3}, &count,
		     &status);
	check_ret(check, rig_ioctl(&rig, rig.vp, MSHV_SET_VP_STATE, &state), 0,
		  "SET_VP_STATE of XSAVE");
	check_u64(check, rig_reg(&rig, MSHV_REG_XMM0 + 3).u64, xmm3.u64,
		  "XMM3 after SET_VP_STATE of XSAVE");
}

const struct selftest_check selftest_vp_checks[] = {
	{"vp_kick", vp_kick},
	{"vp_kick_halted", vp_kick_halted},
	{"vp_registers_while_running", vp_registers_while_running},
	{"vp_pages", vp_pages},
	{"vp_register_page", vp_register_page},
	{"vp_message_page", vp_message_page},
	{"vp_state_refused", vp_state_refused},
	{"vp_state_sizes", vp_state_sizes},
	{"vp_state_lapic", vp_state_lapic},
	{"vp_state_xsave", vp_state_xsave},
	{NULL, NULL},
};
