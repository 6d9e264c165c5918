// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The helper behind a net_site: makes interfaces with iproute2, starts the
 * peer's servers, and waits for the end of its input. Interfaces in namespaces
 * disappear with it; interfaces on the host it removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "runners/machine/guest_boot.h"
#include "runners/site/net_servers.h"
#include "runners/site/net_site.h"

/* `ip` with the words of LINE, none of which has a blank in it. */
static int ip(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static int ip(struct err *err, const char *fmt, ...)
{
	const char *argv[24] = {"ip"};
	struct strbuf out = {0};
	char line[256], line_copy[256], path[512];
	char *rest = line;
	va_list ap;
	int n = 1;
	int ret;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	snprintf(line_copy, sizeof(line_copy), "%s", line);
	/* It is not in every user's PATH. */
	snprintf(path, sizeof(path), "/usr/sbin:/sbin:%s",
		 getenv("PATH") ?: "/usr/bin:/bin");
	setenv("PATH", path, 1);
	while (rest && n < (int)ARRAY_SIZE(argv) - 1)
		argv[n++] = strsep(&rest, " ");
	ret = proc_capture_all(argv, &out, err);
	if (ret && out.len)
		ret = err_set(err, ret, "'ip %.60s': %.*s", line_copy,
			      (int)strcspn(out.str, "\n"), out.str);
	strbuf_release(&out);
	return ret;
}

/* Who is not root is so in a user namespace of the network's own. */
static int own_network(struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWNET | (uid ? CLONE_NEWUSER : 0)))
		return err_sys(err, -errno, "cannot make a network namespace%s",
			       uid ? " without being root" : "");
	if (!uid)
		return ip(err, "link set lo up");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	file_put("/proc/self/setgroups", "deny");
	if (file_put("/proc/self/uid_map", map))
		return err_set(err, -EPERM, "cannot become root of a network");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	file_put("/proc/self/gid_map", map);
	return ip(err, "link set lo up");
}

static int make_tap(const char *name, unsigned int pairs, struct err *err)
{
	return ip(err, "tuntap add dev %s mode tap vnet_hdr%s", name,
		  pairs > 1 ? " multi_queue" : "");
}

static int private_tap(unsigned int pairs, struct err *err)
{
	int ret = own_network(err);

	if (!ret)
		ret = make_tap(NET_SITE_TAP, pairs, err);
	if (!ret)
		ret = ip(err, "addr add " NET_SITE_PEER "/" NET_SITE_BITS
			      " dev " NET_SITE_TAP);
	if (!ret)
		ret = ip(err, "link set " NET_SITE_TAP " up");
	return ret;
}

/*
 * The far side: a process in a namespace of its own, which sets up its end
 * once it is there. Tells through FD when it can be moved to and when it is
 * done.
 */
static void far_side(int from, int to)
{
	struct err err = {0};
	char c = unshare(CLONE_NEWNET) ? 'e' : 'n';

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(to, &c, 1) != 1 || read(from, &c, 1) != 1 ||
	    ip(&err, "link set lo up") ||
	    ip(&err,
	       "addr add " NET_SITE_SELF "/" NET_SITE_BITS " dev l1vh1") ||
	    ip(&err, "link set l1vh1 up"))
		_exit(1);
	c = 'd';
	if (write(to, &c, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int private_pair(pid_t *far, struct err *err)
{
	int to[2], from[2];
	int ret = own_network(err);
	char c = 0;

	if (ret)
		return ret;
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return err_sys(err, -errno, "cannot make a pipe");
	ret = ip(err, "link add l1vh0 type veth peer name l1vh1");
	if (ret)
		return ret;
	*far = fork();
	if (*far == 0)
		far_side(to[0], from[1]);
	close(from[1]);
	if (read(from[0], &c, 1) != 1 || c != 'n')
		return err_set(err, -EPERM,
			       "cannot make a second network namespace");
	ret = ip(err, "link set l1vh1 netns %d", (int)*far);
	if (!ret)
		ret = ip(err, "addr add " NET_SITE_PEER "/" NET_SITE_BITS
			      " dev l1vh0");
	if (!ret)
		ret = ip(err, "link set l1vh0 up");
	if (ret)
		return ret;
	if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
		return err_set(err, -EIO,
			       "the far side of the network did not come up");
	return 0;
}

static int bridged_tap(const char *name, unsigned int pairs, const char *bridge,
		       struct err *err)
{
	int ret = make_tap(name, pairs, err);

	if (!ret)
		ret = ip(err, "link set %s master %s", name, bridge);
	if (!ret)
		ret = ip(err, "link set %s up", name);
	return ret;
}

static int macvtap(const char *name, const char *interface, struct err *err)
{
	int ret = ip(err,
		     "link add link %s name %s address " GUEST_MAC
		     " type macvtap mode bridge",
		     interface, name);

	return ret ? ret : ip(err, "link set %s up", name);
}

static volatile sig_atomic_t end_asked;

static void on_end(int sig)
{
	(void)sig;
	end_asked = 1;
}

static void wait_for_end(void)
{
	char c;

	while (!end_asked && read(STDIN_FILENO, &c, 1) != 0)
		;
}

int net_helper_main(int argc, char **argv)
{
	const struct sigaction end = {.sa_handler = on_end};
	const char *kind = argc > 1 ? argv[1] : "";
	unsigned int pairs =
		argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 1;
	char name[16] = NET_SITE_TAP;
	bool is_on_host = !strcmp(kind, "bridge") || !strcmp(kind, "macvtap");
	pid_t pid = is_on_host ? 0 : getpid();
	struct err err = {0};
	int ret;

	sigaction(SIGTERM, &end, NULL);
	signal(SIGINT, SIG_IGN);
	if (is_on_host)
		snprintf(name, sizeof(name), "l1vh%d", (int)getpid());
	if (!strcmp(kind, "native"))
		ret = private_pair(&pid, &err);
	else if (!strcmp(kind, "tap"))
		ret = private_tap(pairs, &err);
	else if (argc > 3 && !strcmp(kind, "bridge"))
		ret = bridged_tap(name, pairs, argv[3], &err);
	else if (argc > 3 && !strcmp(kind, "macvtap"))
		ret = macvtap(name, argv[3], &err);
	else
		ret = err_set(&err, -EINVAL, "unknown network '%s'", kind);
	if (!ret && !is_on_host)
		ret = net_servers_start(&err);
	if (ret)
		printf("error %s\n", err.msg);
	else
		printf("ready %d %s\n", (int)pid, name);
	fflush(stdout);
	if (!ret)
		wait_for_end();
	if (is_on_host)
		ip(&err, "link del %s", name);
	return 0;
}
