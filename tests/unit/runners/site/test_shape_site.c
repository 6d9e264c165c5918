// SPDX-License-Identifier: GPL-3.0-or-later
/* Disks and cards of a shape, in a network and a folder of the test's own:
 * they are there, they go, and so do those of a process that died. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/bench_case.h"
#include "runners/site/shape_site.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/scratch.h"

static const char *no_network;
static const struct io_plan no_io; /* no device is named */

static void need_network(void)
{
	if (!no_network)
		return;
	print_message("SKIP: %s\n", no_network);
	skip();
}

/* A tap that stays when the process that made it ends. */
static void make_tap(const char *name)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, TUNSETIFF, &req), 0);
	assert_int_equal(ioctl(fd, TUNSETPERSIST, 1), 0);
	close(fd);
	assert_true(if_nametoindex(name) > 0);
}

static void cards_are_there_until_they_are_closed(void **state)
{
	const struct shape shape = {.nic_count = SHAPE_MAX_NICS,
				    .copy_count = 1};
	struct shape_site sites[2];
	char name[IFNAMSIZ];
	struct err err = {0};
	uint32_t i;

	(void)state;
	need_network();
	/* Two guests at once do not share any. */
	for (i = 0; i < 2; i++)
		if (shape_site_open(&sites[i], &shape, &no_io, &err))
			fail_msg("%s", err.msg);
	for (i = 0; i < SHAPE_MAX_NICS; i++) {
		assert_true(if_nametoindex(sites[0].taps[i]) > 0);
		assert_true(if_nametoindex(sites[1].taps[i]) > 0);
		assert_string_not_equal(sites[0].taps[i], sites[1].taps[i]);
	}
	snprintf(name, sizeof(name), "%s", sites[0].taps[0]);
	shape_site_close(&sites[0]);
	assert_int_equal(if_nametoindex(name), 0);
	assert_true(if_nametoindex(sites[1].taps[0]) > 0);
	shape_site_close(&sites[1]);
}

/* A number that no process has any more. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void leftovers_of_the_dead_go(void **state)
{
	const struct shape shape = {.copy_count = 1};
	char dead[IFNAMSIZ], alive[IFNAMSIZ];
	struct shape_site site;
	struct err err = {0};

	(void)state;
	need_network();
	snprintf(dead, sizeof(dead), "l1v%d.3", (int)dead_pid());
	snprintf(alive, sizeof(alive), "l1v%d.fff", (int)getpid());
	make_tap(dead);
	make_tap(alive);
	make_tap("l1vx.1"); /* of somebody else */
	assert_int_equal(shape_site_open(&site, &shape, &no_io, &err), 0);
	assert_int_equal(if_nametoindex(dead), 0);
	assert_true(if_nametoindex(alive) > 0);
	assert_true(if_nametoindex("l1vx.1") > 0);
	shape_site_close(&site);
	assert_int_equal(netns_link_delete(alive), 0);
	assert_int_equal(netns_link_delete("l1vx.1"), 0);
}

static void disks_are_below_the_working_folder(void **state)
{
	const struct shape shape = {.disk_count = SHAPE_MAX_DISKS,
				    .copy_count = 1};
	char folder[SCRATCH_SIZE], path[320];
	struct shape_site site;
	struct err err = {0};
	struct stat st;

	(void)state;
	scratch_folder(folder, "shape");
	assert_int_equal(chdir(folder), 0);
	if (shape_site_open(&site, &shape, &no_io, &err))
		fail_msg("%s", err.msg);
	snprintf(path, sizeof(path), "%s/results/shape-", folder);
	assert_memory_equal(site.disks[3], path, strlen(path));
	assert_int_equal(stat(site.disks[3], &st), 0);
	assert_int_equal(st.st_size, SHAPE_DISK_BYTES);
	assert_int_equal(st.st_mode & 0077, 0); /* ours alone */
	assert_true(st.st_blocks == 0);         /* and empty */
	shape_site_close(&site);
	assert_int_equal(rmdir("results"), 0);
	assert_int_equal(chdir("/"), 0);
	scratch_remove(folder);
}

/* What was made before the failure goes as well. */
static void half_of_a_site_goes(void **state)
{
	const struct shape shape = {.disk_count = 2, .copy_count = 1};
	char folder[SCRATCH_SIZE];
	struct shape_site site;
	struct err err = {0};

	(void)state;
	scratch_folder(folder, "shape");
	assert_int_equal(chdir(folder), 0);
	close(open("results", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_true(shape_site_open(&site, &shape, &no_io, &err) < 0);
	assert_contains(err.msg, "results");
	assert_int_equal(site.disk_count, 0);
	shape_site_close(&site);
	assert_int_equal(chdir("/"), 0);
	scratch_remove(folder);
}

static void a_working_folder_may_be_too_deep(void **state)
{
	const struct shape shape = {.disk_count = 1, .copy_count = 1};
	char folder[SCRATCH_SIZE], part[128];
	struct shape_site site;
	struct err err = {0};
	int i;

	(void)state;
	memset(part, 'x', sizeof(part));
	part[sizeof(part) - 1] = '\0';
	scratch_folder(folder, "shape");
	assert_int_equal(chdir(folder), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(mkdir(part, 0700), 0);
		assert_int_equal(chdir(part), 0);
	}
	assert_int_equal(shape_site_open(&site, &shape, &no_io, &err), -ERANGE);
	assert_contains(err.msg, "working directory");
	shape_site_close(&site);
	assert_int_equal(chdir("/"), 0);
	scratch_remove(folder);
}

/* Taps in a network of our own, which /sys is to show. */
static void enter_network(void)
{
	no_network = netns_enter();
	if (!no_network)
		no_network = mountns_enter();
	if (!no_network && mount("none", "/sys", "sysfs", 0, NULL))
		no_network = "cannot mount a /sys";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cards_are_there_until_they_are_closed),
		cmocka_unit_test(leftovers_of_the_dead_go),
		cmocka_unit_test(disks_are_below_the_working_folder),
		cmocka_unit_test(half_of_a_site_goes),
		cmocka_unit_test(a_working_folder_may_be_too_deep),
	};

	enter_network();
	return RUN_TESTS(tests);
}
