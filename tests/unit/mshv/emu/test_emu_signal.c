// SPDX-License-Identifier: GPL-3.0-or-later
/* A signal during RUN_VP is taken as a system call takes it; one in front of it is
 * lost, unless the knob keeps it. On the machine's own KVM. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "mshv/emu/emu.h"
#include "mshv/sys.h"
#include "tests/unit/fixture/emu_guest.h"

#define KICK SIGUSR2 /* the VMM has handlers of its own for others */
#define APART_US 2000
#define HANG_S 30

static struct emu_guest guest;
static atomic_int kicks;

static void on_kick(int signal)
{
	(void)signal;
	atomic_fetch_add(&kicks, 1);
}

static atomic_bool is_over;
static int answer;

/* As on the driver, the VP answers a handler, if only that it knows no such call. */
static void on_kick_ask(int signal)
{
	int kept = errno;

	answer = sys_ioctl(guest.vcpu->vm->sys, guest.vcpu->fd, 0, NULL);
	on_kick(signal);
	errno = kept;
}

static int run_once(void)
{
	return sys_ioctl(guest.vcpu->vm->sys, guest.vcpu->fd, MSHV_RUN_VP,
			 &guest.msg);
}

static int setup(void **state)
{
	(void)state;
	signal(KICK, on_kick);
	atomic_store(&kicks, 0);
	return 0;
}

static int teardown(void **state)
{
	sigset_t none;

	(void)state;
	memset(&emu_knobs, 0, sizeof(emu_knobs));
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	return 0;
}

/* Again and again, for one that comes early is lost. */
static void *kick(void *arg)
{
	while (!atomic_load(&is_over)) {
		pthread_kill(*(pthread_t *)arg, KICK);
		usleep(APART_US);
	}
	return NULL;
}

static void a_signal_ends_a_run(void **state)
{
	pthread_t self = pthread_self(), kicker;
	int ret;

	(void)state;
	if (micro_cannot_run())
		skip();
	GUEST_START(&guest, 0xeb, 0xfe); /* jmp . */
	signal(KICK, on_kick_ask);
	alarm(HANG_S); /* a handler that waits for the VP's lock */
	assert_int_equal(pthread_create(&kicker, NULL, kick, &self), 0);
	ret = run_once();
	atomic_store(&is_over, true);
	pthread_join(kicker, NULL);
	alarm(0);
	assert_int_equal(ret, -EINTR);
	assert_true(atomic_load(&kicks) > 0);
	assert_int_equal(answer, -ENOTTY);
	guest_stop(&guest);
}

/* in $0x99,%al, and the end */
static void run_to_port_and_kick(void)
{
	GUEST_START(&guest, 0xe4, 0x99);
	guest_run_to_port(&guest, 0x99, CODE);
	raise(KICK);
	guest.regs[RIP] = CODE + 2;
	guest_regs_set(&guest);
}

static void a_signal_in_front_of_a_run_is_lost(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	run_to_port_and_kick();
	assert_int_equal(atomic_load(&kicks), 1);
	assert_int_equal(run_once(), 0);
	assert_int_equal(guest.msg.type, MSHV_MSG_IO_PORT);
	guest_stop(&guest);
}

static void the_knob_keeps_it(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	emu_knobs.keeps_kicks = true;
	run_to_port_and_kick();
	assert_int_equal(atomic_load(&kicks), 0);
	assert_int_equal(run_once(), -EINTR);
	assert_int_equal(atomic_load(&kicks), 1);
	assert_int_equal(run_once(), 0);
	assert_int_equal(guest.msg.type, MSHV_MSG_IO_PORT);
	assert_int_equal(atomic_load(&kicks), 1);
	guest_stop(&guest);
}

/* Whoever calls again and again would never hear of it otherwise. */
static void a_run_that_fails_lets_it_through(void **state)
{
	(void)state;
	if (micro_cannot_run())
		skip();
	emu_knobs.keeps_kicks = true;
	run_to_port_and_kick();
	assert_int_equal(sys_ioctl(guest.vcpu->vm->sys, guest.vcpu->fd,
				   MSHV_RUN_VP, (void *)8),
			 -EFAULT);
	assert_int_equal(atomic_load(&kicks), 1);
	guest_stop(&guest);
}

/* What the program itself blocks is no kick. */
static void a_blocked_signal_ends_nothing(void **state)
{
	sigset_t blocked;

	(void)state;
	if (micro_cannot_run())
		skip();
	signal(SIGTRAP, on_kick); /* the emulator itself holds no such */
	sigemptyset(&blocked);
	sigaddset(&blocked, KICK);
	sigaddset(&blocked, SIGTRAP);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	run_to_port_and_kick();
	raise(SIGTRAP);
	assert_int_equal(run_once(), 0);
	assert_int_equal(atomic_load(&kicks), 0);
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
	assert_int_equal(atomic_load(&kicks), 2);
	guest_stop(&guest);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_signal_ends_a_run, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_signal_in_front_of_a_run_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(the_knob_keeps_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_run_that_fails_lets_it_through, setup, teardown),
		cmocka_unit_test_setup_teardown(a_blocked_signal_ends_nothing,
						setup, teardown),
	};

	return RUN_TESTS(tests);
}
