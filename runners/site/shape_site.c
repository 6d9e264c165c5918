// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/site/shape_site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"

/* Not in /tmp: files in memory would be counted twice. */
#define FOLDER "results"
#define TUN_DEVICE "/dev/net/tun"
#define TAP_PREFIX "l1v"
/* So that a name has room for any process number. */
#define COUNT_MASK 0xfffu

static int tap_keep(const char *name, bool keeps)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%.15s", name);
	if (ioctl(fd, TUNSETIFF, &req) || ioctl(fd, TUNSETPERSIST, keeps))
		ret = -errno;
	close(fd);
	return ret;
}

/* A name contains a process id; if that process has ended, it is unused. */
static void sweep(void)
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *e;
	long pid;

	while (dir && (e = readdir(dir)))
		if (sscanf(e->d_name, TAP_PREFIX "%ld.", &pid) == 1 &&
		    kill((pid_t)pid, 0) && errno == ESRCH)
			tap_keep(e->d_name, false);
	if (dir)
		closedir(dir);
}

static int add_tap(struct shape_site *site, unsigned int number,
		   struct err *err)
{
	char *name = site->taps[site->tap_count];
	int ret;

	snprintf(name, IFNAMSIZ, TAP_PREFIX "%d.%x", (int)getpid() % 10000000,
		 number & COUNT_MASK);
	ret = tap_keep(name, true);
	if (ret)
		return err_sys(err, ret, "cannot make a tap for a guest");
	site->tap_count++;
	return 0;
}

static int add_disk(struct shape_site *site, unsigned int number,
		    struct err *err)
{
	char *path = site->disks[site->disk_count];
	char folder[256];
	int fd, ret;

	/* Whoever opens it may have another working directory. */
	if (!getcwd(folder, sizeof(folder)))
		return err_sys(err, -errno,
			       "cannot read the working directory");
	if (snprintf(path, sizeof(site->disks[0]),
		     "%s/" FOLDER "/shape-%d-%u.img", folder, (int)getpid(),
		     number) >= (int)sizeof(site->disks[0]))
		return err_set(err, -ENAMETOOLONG,
			       "the name '%s' is too long for a guest's disk",
			       path);
	ret = file_mkdirs_above(path, err);
	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, -errno, "cannot make a guest's disk '%s'",
			       path);
	site->disk_count++;
	if (ftruncate(fd, (off_t)SHAPE_DISK_BYTES))
		ret = err_sys(err, -errno, "cannot make a guest's disk '%s'",
			      path);
	close(fd);
	return ret;
}

static int add_devices(struct shape_site *site, const struct shape *shape,
		       const struct io_plan *io, struct err *err)
{
	int ret = 0;
	uint32_t i;

	if (shape->device_count && shape->copy_count > 1)
		return err_set(err, -EINVAL,
			       "several guests cannot share a device");
	if (shape->device_count > io->device_count)
		return err_set(
			err, -ENODEV,
			"a guest of this shape needs %u devices, and %u are named: --device ADDRESS,...",
			shape->device_count, io->device_count);
	for (i = 0; i < shape->device_count && !ret; i++) {
		ret = device_site_open(&site->devices[i], io->devices[i],
				       DEVICE_VFIO, err);
		site->device_count += !ret;
	}
	return ret;
}

int shape_site_open(struct shape_site *site, const struct shape *shape,
		    const struct io_plan *io, struct err *err)
{
	static atomic_uint count;
	int ret = 0;
	uint32_t i;

	*site = (struct shape_site){.disk_count = 0};
	sweep();
	for (i = 0; i < shape->disk_count && !ret; i++)
		ret = add_disk(site, atomic_fetch_add(&count, 1), err);
	for (i = 0; i < shape->nic_count && !ret; i++)
		ret = add_tap(site, atomic_fetch_add(&count, 1), err);
	return ret ? ret : add_devices(site, shape, io, err);
}

void shape_site_close(struct shape_site *site)
{
	while (site->disk_count)
		unlink(site->disks[--site->disk_count]);
	while (site->device_count)
		device_site_close(&site->devices[--site->device_count]);
	while (site->tap_count)
		tap_keep(site->taps[--site->tap_count], false);
}
