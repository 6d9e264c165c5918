// SPDX-License-Identifier: GPL-3.0-or-later
/* Whoever asserts an interrupt of a VP that runs does not wait for it. On the machine's
 * own KVM. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mshv/hvcall.h"
#include "mshv/sys.h"
#include "tests/unit/fixture/emu_guest.h"

#define KICK SIGUSR2
#define FLAG_IF (1 << 9)
#define HANG_S 30

/* movb $1,(%rcx), at a page of RAM, and jmp . */
#define MARK_AND_SPIN 0xc6, 0x01, 0x01, 0xeb, 0xfe
#define MARK 0x181000ULL

static struct emu_guest guest;

static void on_kick(int signal)
{
	(void)signal;
}

static int assert_irq(uint64_t type, uint32_t vector)
{
	struct mshv_in_assert in = {.control = type, .vector = vector};
	struct hvcall call = {.code = MSHV_HVCALL_ASSERT_INTERRUPT,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	return hvcall(guest.vcpu->vm->sys, guest.vcpu->vm->pt_fd, &call);
}

static void *run(void *arg)
{
	*(int *)arg = sys_ioctl(guest.vcpu->vm->sys, guest.vcpu->fd,
				MSHV_RUN_VP, &guest.msg);
	return NULL;
}

static pthread_t start_and_wait_until_it_runs(int *ret)
{
	const _Atomic uint8_t *mark;
	pthread_t runner;

	GUEST_START(&guest, MARK_AND_SPIN);
	guest.regs[RCX] = MARK;
	guest.regs[RIP + 1] |= FLAG_IF;
	guest_regs_set(&guest);
	mark = guest_ram(&guest, MARK);
	signal(KICK, on_kick);
	alarm(HANG_S);
	assert_int_equal(pthread_create(&runner, NULL, run, ret), 0);
	while (!atomic_load(mark))
		sched_yield();
	return runner;
}

/* There is no IDT: what reaches the guest is its end. */
static void assert_is_its_end(int ret)
{
	assert_int_equal(ret, 0);
	assert_int_equal(guest.msg.type, MSHV_MSG_UNRECOVERABLE);
}

static void an_nmi_reaches_a_vp_that_runs(void **state)
{
	pthread_t runner;
	int ret;

	(void)state;
	if (micro_cannot_run())
		skip();
	runner = start_and_wait_until_it_runs(&ret);
	assert_int_equal(assert_irq(MSHV_INT_NMI, 0), 0);
	pthread_join(runner, NULL);
	alarm(0);
	assert_is_its_end(ret);
	guest_stop(&guest);
}

static void an_extint_comes_with_the_next_entry(void **state)
{
	pthread_t runner;
	int ret;

	(void)state;
	if (micro_cannot_run())
		skip();
	runner = start_and_wait_until_it_runs(&ret);
	assert_int_equal(assert_irq(MSHV_INT_EXTINT, 32), 0);
	pthread_kill(runner, KICK);
	pthread_join(runner, NULL);
	assert_int_equal(ret, -EINTR);
	run(&ret);
	alarm(0);
	assert_is_its_end(ret);
	guest_stop(&guest);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_nmi_reaches_a_vp_that_runs),
		cmocka_unit_test(an_extint_comes_with_the_next_entry),
	};

	return RUN_TESTS(tests);
}
