// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The guard behind a device_site: gives a PCI function another driver, waits for
 * the end of its input, and gives the function back. Nothing else ever does, so
 * that it is given back in one way, however the run ended.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "runners/site/device_site.h"
#include "runners/site/disk_file.h"

/* "DRIVER OVERRIDE", "-" for none. */
#define MARK "%s/run/l1vh-bench-device-%s"

struct guard {
	const char *root; /* before every path, see pci_host.h */
	const char *address;
	char *mark;
	struct pci_host before;
};

static bool read_mark(struct guard *g)
{
	char line[80], driver[32], override_to[32];

	file_first_line(g->mark, line, sizeof(line));
	if (sscanf(line, "%31s %31s", driver, override_to) != 2)
		return false;
	snprintf(g->before.driver, sizeof(g->before.driver), "%s",
		 strcmp(driver, "-") ? driver : "");
	snprintf(g->before.override_to, sizeof(g->before.override_to), "%s",
		 strcmp(override_to, "-") ? override_to : "");
	return true;
}

static int write_mark(const struct guard *g, struct err *err)
{
	const struct pci_host *b = &g->before;
	char *line = xasprintf("%s %s\n", b->driver[0] ? b->driver : "-",
			       b->override_to[0] ? b->override_to : "-");
	int ret = file_write(g->mark, line, strlen(line), err);

	free(line);
	return ret;
}

/* Whether it has the driver already. */
static bool is_there(const struct pci_host *fn, bool for_vfio)
{
	return fn->driver[0] && !strcmp(fn->driver, PCI_HOST_VFIO) == for_vfio;
}

/* Whether anybody has FILE, "/dev/sda"; one that cannot be opened nobody has. */
static int check_disk(const struct guard *g, const char *file, struct err *err)
{
	char *path = xasprintf("%s%s", g->root, file);
	bool is_empty;
	int ret = disk_file_check_unused(path, &is_empty, err);

	free(path);
	return ret == -EBUSY ? ret : 0;
}

/* Whether the disk or partition NAME is of this function. */
static bool is_below(const struct guard *g, const char *name)
{
	char *path = xasprintf("%s/sys/class/block/%s", g->root, name);
	char *part = xasprintf("/%s/", g->address);
	char target[PATH_MAX] = "";
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	bool is;

	target[n > 0 ? n : 0] = '\0';
	is = strstr(target, part);
	free(path);
	free(part);
	return is;
}

/* Who has a disk of it mounted would lose it, whatever kind of disk that is. One
 * with several paths is not below any of them. */
static int check_unused(const struct guard *g, const struct pci_host *fn,
			struct err *err)
{
	char *folder = xasprintf("%s/sys/class/block", g->root);
	int ret = fn->block[0] ? check_disk(g, fn->block, err) : 0;
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (!ret && dir && (e = readdir(dir)))
		if (is_below(g, e->d_name)) {
			char *file = xasprintf("/dev/%s", e->d_name);

			ret = check_disk(g, file, err);
			free(file);
		}
	if (dir)
		closedir(dir);
	free(folder);
	return ret;
}

static int change(struct guard *g, bool for_vfio, uint64_t *ns, struct err *err)
{
	struct pci_host now;
	char why[200];
	bool has_mark;
	int ret = pci_host_read(g->root, g->address, &now, err);

	if (ret)
		return ret;
	g->before = now;
	/* Before any error: it is given back by this all the same. */
	has_mark = read_mark(g);
	if (geteuid() && !is_there(&now, for_vfio))
		return err_set(err, -EPERM,
			       "only root can give %s another driver",
			       g->address);
	if (for_vfio && pci_host_obstacle(&now, why, sizeof(why))[0])
		return err_set(err, -ENODEV, "%s: %s", g->address, why);
	if (!has_mark && is_there(&now, for_vfio))
		return 0;
	if (!is_there(&now, for_vfio) && now.up[0])
		return err_set(
			err, -EBUSY,
			"the network interface '%s' of %s is up: 'ip link set %s down' first",
			now.up, g->address, now.up);
	if (!is_there(&now, for_vfio))
		ret = check_unused(g, &now, err);
	if (!ret && !has_mark)
		ret = write_mark(g, err);
	*ns = clock_mono_ns();
	if (!ret && !is_there(&now, for_vfio))
		ret = pci_host_drive(g->root, g->address,
				     for_vfio ? PCI_HOST_VFIO : "", err);
	*ns = clock_mono_ns() - *ns;
	return ret;
}

static bool is_as_before(const struct guard *g)
{
	struct pci_host now;
	struct err ignored;

	return !pci_host_read(g->root, g->address, &now, &ignored) &&
	       !strcmp(now.driver, g->before.driver) &&
	       !strcmp(now.override_to, g->before.override_to);
}

/* To the driver of before, or to none where there was none. One that has it again
 * is not disturbed: somebody may use the disk by now. A function that the host has
 * removed comes back as a new one, if it does. */
static int give_back(struct guard *g, struct err *err)
{
	struct pci_host now;
	int ret = 0;

	if (access(g->mark, F_OK))
		return 0;
	if (pci_host_read(g->root, g->address, &now, err) == -ENODEV)
		ret = 0;
	else if (!g->before.driver[0])
		ret = pci_host_release(g->root, g->address, err);
	else if (!is_as_before(g))
		ret = pci_host_drive(g->root, g->address, g->before.override_to,
				     err);
	if (!ret)
		unlink(g->mark);
	return ret;
}

static void wait_for_end(void)
{
	char c;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, &c, 1);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

int device_guard_main(int argc, char **argv)
{
	struct guard g = {.root = argc > 3 ? argv[3] : "",
			  .address = argc > 1 ? argv[1] : ""};
	bool for_vfio = argc > 2 && !strcmp(argv[2], "vfio");
	struct err err = {0};
	uint64_t ns = 0;
	int ret, status = 0;

	/* It outlives whoever it works for. */
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	g.mark = xasprintf(MARK, g.root, g.address);
	ret = change(&g, for_vfio, &ns, &err);
	if (ret)
		printf("error %d %s\n", ret, err.msg);
	else
		printf("ready %" PRIu64 "\n", ns);
	fflush(stdout);
	if (!ret)
		wait_for_end();
	if (give_back(&g, &err)) {
		fprintf(stderr, "l1vh-bench: %s is not given back: %s\n",
			g.address, err.msg);
		status = 1;
	}
	free(g.mark);
	return ret ? 1 : status;
}
