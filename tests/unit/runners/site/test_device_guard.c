// SPDX-License-Identifier: GPL-3.0-or-later
/* The guard of a function of the host, as a process of its own, with a kernel that
 * changes drivers in a folder: whatever happens, the function is given back. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "runners/site/device_site.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/pci_fake.h"

#define NVME 0x010802
#define ONE "0000:00:05.0"
#define TWO "0000:00:06.0"
#define MARK "/run/l1vh-bench-device-" ONE

static char root[SCRATCH_SIZE];

/* One that nvme and vfio-pci can have, in an IOMMU group of its own. */
static int setup(void **state)
{
	char *run;
	struct err err;

	(void)state;
	scratch_folder(root, "guard");
	run = xasprintf("%s/run", root);
	assert_int_equal(file_mkdirs(run, &err), 0);
	free(run);
	pci_fake_add(root, PCI_FAKE_BUS, ONE, NVME);
	pci_fake_group(root, ONE, 1);
	pci_fake_drive(root, ONE, PCI_HOST_VFIO);
	pci_fake_drive(root, ONE, "nvme");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(root);
	return 0;
}

struct guard {
	pid_t pid;
	int to, from;
	char answer[300]; /* its one line */
};

static void start(struct guard *g, const char *side)
{
	char name[] = "device-guard", address[] = ONE, way[8];
	char *argv[] = {name, address, way, root, NULL};
	int in[2], out[2];
	size_t len = 0;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	snprintf(way, sizeof(way), "%s", side);
	fflush(NULL);
	g->pid = fork();
	assert_true(g->pid >= 0);
	if (!g->pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		_exit(device_guard_main(4, argv));
	}
	close(in[0]);
	close(out[1]);
	g->to = in[1];
	g->from = out[0];
	while (len + 1 < sizeof(g->answer) &&
	       read(g->from, g->answer + len, 1) == 1 && g->answer[len] != '\n')
		len++;
	g->answer[len] = '\0';
}

/* Its exit status, when its input has ended. */
static int finish(struct guard *g)
{
	int status;

	close(g->to);
	assert_int_equal(waitpid(g->pid, &status, 0), g->pid);
	close(g->from);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void kill_guard(struct guard *g)
{
	int status;

	assert_int_equal(kill(g->pid, SIGKILL), 0);
	assert_int_equal(waitpid(g->pid, &status, 0), g->pid);
	assert_true(WIFSIGNALED(status));
	close(g->to);
	close(g->from);
}

static void expect_ready(const struct guard *g)
{
	if (strncmp(g->answer, "ready ", 6))
		fail_msg("the guard said '%s'", g->answer);
}

static void expect_driver(const char *driver)
{
	char now[32];

	assert_string_equal(pci_fake_driver(root, ONE, now, sizeof(now)),
			    driver);
}

/* TEXT is the first line of that file below the root; "" also for no file. */
static void expect_line(const char *path, const char *text)
{
	char *full = xasprintf("%s%s", root, path);
	char line[80];

	assert_string_equal(file_first_line(full, line, sizeof(line)), text);
	free(full);
}

static bool has_mark(void)
{
	char *path = xasprintf("%s" MARK, root);
	bool is = !access(path, F_OK);

	free(path);
	return is;
}

#define OVERRIDE "/sys/bus/pci/devices/" ONE "/driver_override"

static void a_function_is_given_back(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	start(&g, "vfio");
	expect_ready(&g);
	expect_driver(PCI_HOST_VFIO);
	expect_line(MARK, "nvme -");
	assert_int_equal(finish(&g), 0);
	expect_driver("nvme");
	expect_line(OVERRIDE, "");
	assert_false(has_mark());
	assert_string_equal(pci_fake_asked(k),
			    "unbind nvme, probe, unbind vfio-pci, probe");
	pci_fake_stop(k);
}

/* Whoever it works for may be stopped by these; the guard is not. */
static void signals_do_not_end_it(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;
	size_t i;

	(void)state;
	start(&g, "vfio");
	expect_ready(&g);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		assert_int_equal(kill(g.pid, signals[i]), 0);
	assert_int_equal(finish(&g), 0);
	expect_driver("nvme");
	pci_fake_stop(k);
}

static void one_without_a_driver_has_none_again(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	pci_fake_drive(root, ONE, "");
	start(&g, "vfio");
	expect_ready(&g);
	expect_driver(PCI_HOST_VFIO);
	expect_line(MARK, "- -");
	assert_int_equal(finish(&g), 0);
	expect_driver("");
	expect_line(OVERRIDE, "");
	assert_false(has_mark());
	assert_string_equal(pci_fake_asked(k), "probe, unbind vfio-pci");
	pci_fake_stop(k);
}

/* Somebody gave it to vfio-pci before; its disk is wanted for a while. */
static void vfio_has_it_again(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	pci_fake_drive(root, ONE, PCI_HOST_VFIO);
	pci_fake_put(root, ONE, "driver_override", "vfio-pci\n");
	start(&g, "host");
	expect_ready(&g);
	expect_driver("nvme");
	expect_line(MARK, "vfio-pci vfio-pci");
	assert_int_equal(finish(&g), 0);
	expect_driver(PCI_HOST_VFIO);
	expect_line(OVERRIDE, PCI_HOST_VFIO);
	assert_false(has_mark());
	pci_fake_stop(k);
}

static void what_is_there_is_left_alone(void **state)
{
	static const struct {
		const char *side, *driver;
	} rows[] = {{"host", "nvme"}, {"vfio", PCI_HOST_VFIO}};
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		pci_fake_drive(root, ONE, rows[i].driver);
		start(&g, rows[i].side);
		assert_string_equal(g.answer, "ready 0");
		assert_false(has_mark());
		assert_int_equal(finish(&g), 0);
		expect_driver(rows[i].driver);
	}
	assert_string_equal(pci_fake_asked(k), "");
	pci_fake_stop(k);
}

/* What was there before the first guard is what the last one gives back. */
static void the_mark_of_a_killed_guard_is_honoured(void **state)
{
	static const char *const sides[] = {"vfio", "host"};
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		start(&g, "vfio");
		expect_ready(&g);
		kill_guard(&g);
		expect_driver(PCI_HOST_VFIO);
		assert_true(has_mark());
		start(&g, sides[i]);
		expect_ready(&g);
		expect_driver(i ? "nvme" : PCI_HOST_VFIO);
		expect_line(MARK, "nvme -");
		assert_int_equal(finish(&g), 0);
		expect_driver("nvme");
		assert_false(has_mark());
	}
	/* The second one found nothing to be undone at its end. */
	assert_string_equal(pci_fake_asked(k),
			    "unbind nvme, probe, unbind vfio-pci, probe, "
			    "unbind nvme, probe, unbind vfio-pci, probe");
	pci_fake_stop(k);
}

/* Also by a guard that must not do what it is asked to. */
static void a_refusal_honours_the_mark(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	start(&g, "vfio");
	expect_ready(&g);
	kill_guard(&g);
	pci_fake_add(root, PCI_FAKE_BUS, TWO, NVME);
	pci_fake_group(root, TWO, 1);
	start(&g, "vfio");
	assert_contains(g.answer, "error -19 " ONE ": IOMMU group 1 has 1 ");
	assert_int_equal(finish(&g), 1);
	expect_driver("nvme");
	assert_false(has_mark());
	pci_fake_stop(k);
}

static void what_cannot_go_stays_where_it_is(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	pci_fake_add(root, PCI_FAKE_BUS, TWO, NVME);
	pci_fake_group(root, TWO, 1);
	start(&g, "vfio");
	assert_contains(g.answer, "error -19 " ONE ": IOMMU group 1 has 1 ");
	assert_int_equal(finish(&g), 1);
	assert_false(has_mark());
	/* For the host's own driver that is no obstacle. */
	start(&g, "host");
	assert_string_equal(g.answer, "ready 0");
	assert_int_equal(finish(&g), 0);
	assert_string_equal(pci_fake_asked(k), "");
	expect_driver("nvme");
	pci_fake_stop(k);
}

/* Half of the change is undone: here no vfio-pci is loaded. */
static void a_driver_that_is_not_loaded_is_said_so(void **state)
{
	struct pci_fake_kernel *k;
	char *path = xasprintf("%s/sys/bus/pci/drivers/" PCI_HOST_VFIO, root);
	struct guard g;

	(void)state;
	assert_int_equal(rmdir(path), 0);
	free(path);
	k = pci_fake_start(root, ONE, "nvme");
	start(&g, "vfio");
	assert_string_equal(g.answer, "error -16 the driver 'vfio-pci' does "
				      "not take " ONE "; is it loaded?");
	assert_int_equal(finish(&g), 1);
	expect_driver("nvme");
	expect_line(OVERRIDE, "");
	assert_false(has_mark());
	pci_fake_stop(k);
}

/* The mark stays for the next guard, which may have more luck. */
static void what_is_not_given_back_keeps_its_mark(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	start(&g, "vfio");
	expect_ready(&g);
	pci_fake_stop(k); /* and now it says no */
	assert_int_equal(finish(&g), 1);
	expect_driver(PCI_HOST_VFIO);
	expect_line(MARK, "nvme -");
}

static void one_that_was_removed_leaves_no_mark(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	char *path = xasprintf("%s/sys/bus/pci/devices/" ONE, root);
	struct guard g;

	(void)state;
	start(&g, "vfio");
	expect_ready(&g);
	pci_fake_stop(k);
	assert_int_equal(unlink(path), 0);
	free(path);
	assert_int_equal(finish(&g), 0);
	assert_false(has_mark());
}

static void a_function_that_is_not_there(void **state)
{
	struct guard g;
	char *path = xasprintf("%s/sys/bus/pci/devices/" ONE, root);

	(void)state;
	assert_int_equal(unlink(path), 0);
	free(path);
	start(&g, "vfio");
	assert_string_equal(g.answer,
			    "error -19 this host has no PCI function " ONE);
	assert_int_equal(finish(&g), 1);
	assert_false(has_mark());
}

/* It may be what this very machine is reached by. */
static void an_interface_that_is_up_stays(void **state)
{
	struct pci_fake_kernel *k = pci_fake_start(root, ONE, "nvme");
	struct guard g;

	(void)state;
	pci_fake_put(root, ONE, "virtio3/net/eth1/flags", "0x1003\n");
	start(&g, "vfio");
	assert_contains(g.answer, "error -16 ");
	assert_contains(g.answer, "the network interface 'eth1' of " ONE
				  " is up: 'ip link set eth1 down' first");
	assert_int_equal(finish(&g), 1);
	assert_string_equal(pci_fake_asked(k), "");
	expect_driver("nvme");
	assert_false(has_mark());
	pci_fake_put(root, ONE, "virtio3/net/eth1/flags", "0x1002\n");
	start(&g, "vfio");
	expect_ready(&g);
	assert_int_equal(finish(&g), 0);
	pci_fake_stop(k);
}

static void link_to(const char *to, const char *path)
{
	char *full = xasprintf("%s%s", root, path);
	struct err err;

	assert_int_equal(file_mkdirs_above(full, &err), 0);
	assert_int_equal(symlink(to, full), 0);
	free(full);
}

static void expect_busy(const char *disk)
{
	struct guard g;

	start(&g, "vfio");
	assert_contains(g.answer, "error -16 ");
	assert_contains(g.answer, disk);
	assert_contains(g.answer, "' is in use: mounted");
	assert_int_equal(finish(&g), 1);
	expect_driver("nvme");
	assert_false(has_mark());
}

/* The host would lose its file system with the driver. */
static void a_disk_in_use_stays(void **state)
{
	static const char *const disks[] = {"/dev/nvme0n1", "/dev/sdy",
					    "/dev/sdz1"};
	struct pci_fake_kernel *k;
	char busy[256], *path;
	struct guard g;
	int fd = -1;
	size_t i;

	(void)state;
	if (!pci_fake_busy_disk(busy, sizeof(busy), &fd)) {
		print_message("SKIP: no disk of this host can be opened\n");
		skip();
	}
	k = pci_fake_start(root, ONE, "nvme");
	for (i = 0; i < ARRAY_SIZE(disks); i++)
		link_to(busy, disks[i]);
	/* One of another function is not asked for. */
	link_to("../../devices/pci0000:00/" TWO "/ata1/block/sdz/sdz1",
		"/sys/class/block/sdz1");
	start(&g, "vfio");
	expect_ready(&g);
	assert_int_equal(finish(&g), 0);
	assert_string_equal(pci_fake_asked(k),
			    "unbind nvme, probe, unbind vfio-pci, probe");
	/* Any below it, and one with several paths, which is not. */
	link_to("../../devices/pci0000:00/" ONE "/ata1/block/sdy",
		"/sys/class/block/sdy");
	expect_busy("/dev/sdy");
	path = xasprintf("%s/sys/class/block/sdy", root);
	assert_int_equal(unlink(path), 0);
	free(path);
	pci_fake_put(root, ONE, "nvme/nvme0/nvme0c0n1", NULL);
	expect_busy("/dev/nvme0n1");
	assert_string_equal(pci_fake_asked(k),
			    "unbind nvme, probe, unbind vfio-pci, probe");
	if (fd >= 0)
		close(fd);
	pci_fake_stop(k);
}

#define AS_ROOT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AS_ROOT(a_function_is_given_back),
		AS_ROOT(signals_do_not_end_it),
		AS_ROOT(one_without_a_driver_has_none_again),
		AS_ROOT(vfio_has_it_again),
		AS_ROOT(what_is_there_is_left_alone),
		AS_ROOT(the_mark_of_a_killed_guard_is_honoured),
		AS_ROOT(a_refusal_honours_the_mark),
		AS_ROOT(what_cannot_go_stays_where_it_is),
		AS_ROOT(a_driver_that_is_not_loaded_is_said_so),
		AS_ROOT(what_is_not_given_back_keeps_its_mark),
		AS_ROOT(one_that_was_removed_leaves_no_mark),
		AS_ROOT(a_function_that_is_not_there),
		AS_ROOT(an_interface_that_is_up_stays),
		AS_ROOT(a_disk_in_use_stays),
	};

	if (geteuid()) {
		puts("SKIP: only root can give a function another driver");
		return 0;
	}
	return RUN_TESTS(tests);
}
