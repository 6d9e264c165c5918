// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The guard behind a device_site: gives a PCI function another driver, waits for
 * the end of its input, and gives the function back. Nothing else ever does, so
 * that it is given back in one way, however the run ended.
 */
#include <errno.h>
#include <inttypes.h>
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

/* "DRIVER OVERRIDE", "-" for none. */
#define MARK "/run/l1vh-bench-device-%s"

struct guard {
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

static int change(struct guard *g, bool for_vfio, uint64_t *ns, struct err *err)
{
	struct pci_host now;
	char why[200];
	int ret = pci_host_read("", g->address, &now, err);

	if (ret)
		return ret;
	g->before = now;
	if (geteuid() && !is_there(&now, for_vfio))
		return err_set(err, -EPERM,
			       "only root can give %s another driver",
			       g->address);
	if (for_vfio && pci_host_obstacle(&now, why, sizeof(why))[0])
		return err_set(err, -ENODEV, "%s: %s", g->address, why);
	if (!read_mark(g)) {
		if (is_there(&now, for_vfio))
			return 0;
		ret = write_mark(g, err);
	}
	*ns = clock_mono_ns();
	if (!ret && !is_there(&now, for_vfio))
		ret = pci_host_drive("", g->address,
				     for_vfio ? PCI_HOST_VFIO : "", err);
	*ns = clock_mono_ns() - *ns;
	return ret;
}

/* To the driver of before, or to none where there was none. */
static int give_back(struct guard *g, struct err *err)
{
	int ret;

	if (access(g->mark, F_OK))
		return 0;
	ret = g->before.driver[0] ? pci_host_drive("", g->address,
						   g->before.override_to, err)
				  : pci_host_release("", g->address, err);
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
	struct guard g = {.address = argc > 1 ? argv[1] : ""};
	bool for_vfio = argc > 2 && !strcmp(argv[2], "vfio");
	struct err err = {0};
	uint64_t ns = 0;
	int ret, status = 0;

	/* It outlives whoever it works for. */
	prctl(PR_SET_PDEATHSIG, 0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	g.mark = xasprintf(MARK, g.address);
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
