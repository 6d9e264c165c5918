// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/link/vsock_listener.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>
#include <unistd.h>

#include "harness/base/err.h"

#define VHOST_VSOCK "/dev/vhost-vsock"
/* Up to 2 are the hypervisor's and the host's. */
#define FIRST_CID 0x10000u
/* Above every process number that Linux gives (proc(5), pid_max). */
#define COUNT_SHIFT 23
#define COUNT_MASK 0xffu

static int listen_at(uint32_t port)
{
	struct sockaddr_vm at = {.svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_ANY,
				 .svm_port = port};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1)) {
		close(fd);
		return -1;
	}
	return fd;
}

void vsock_listener_open(struct vsock_listener *l)
{
	static atomic_uint count;

	*l = (struct vsock_listener){.fd = -1};
	if (access(VHOST_VSOCK, R_OK | W_OK))
		return;
	/* No other process of this host has that number now, nor has this one
	 * another machine with it. */
	l->cid = FIRST_CID + (uint32_t)getpid() +
		 ((atomic_fetch_add(&count, 1) & COUNT_MASK) << COUNT_SHIFT);
	l->fd = listen_at(l->cid);
}

int vsock_listener_open_file(struct vsock_listener *l, const char *path,
			     struct err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int len = snprintf(at.sun_path, sizeof(at.sun_path),
			   "%s" VSOCK_FILE_SUFFIX, path);

	*l = (struct vsock_listener){
		.fd = -1, .cid = VSOCK_FILE_CID, .is_file = true};
	if (len < 0 || (size_t)len >= sizeof(at.sun_path))
		return err_set(err, -ENAMETOOLONG,
			       "'%s' is too long for a socket", path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && !bind(l->fd, (struct sockaddr *)&at, sizeof(at)) &&
	    !listen(l->fd, 1))
		return 0;
	err_sys(err, -errno, "cannot listen at '%s'", at.sun_path);
	vsock_listener_close(l);
	return err->code;
}

void vsock_listener_close(struct vsock_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

int vsock_listener_accept(const struct vsock_listener *l)
{
	struct sockaddr_vm from = {.svm_cid = l->cid};
	socklen_t len = sizeof(from);
	int fd = accept4(l->fd, l->is_file ? NULL : (struct sockaddr *)&from,
			 l->is_file ? NULL : &len, SOCK_CLOEXEC);

	if (fd >= 0 && from.svm_cid != l->cid) {
		close(fd);
		return -1;
	}
	return fd;
}
