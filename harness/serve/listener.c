// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/units.h"

/* "ADDR:PORT" in two; an address of IPv6 is in brackets. */
static int split(const char *text, char *address, size_t size,
		 const char **port, struct err *err)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = *text == '[';
	size_t len = colon ? (size_t)(colon - text) : 0;
	uint64_t number;

	if (is_v6)
		len = len >= 2 && text[len - 1] == ']' ? len - 2 : 0;
	else if (memchr(text, ':', len))
		len = 0;
	/* getaddrinfo() would take 65536 for 0. */
	if (!len || len >= size ||
	    units_parse_uint(colon + 1, 0, UINT16_MAX, &number, err))
		return err_set(err, -EINVAL,
			       "'%s' is not an address to listen on: "
			       "127.0.0.1:8080, [::1]:8080",
			       text);
	snprintf(address, size, "%.*s", (int)len, text + is_v6);
	*port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *ai)
{
	const int on = 1;
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, SOMAXCONN))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* Where FD listens, and its port, which was perhaps any. */
static int bound_at(int fd, struct sockaddr_storage *bound, char *port,
		    size_t size)
{
	socklen_t len = sizeof(*bound);

	if (getsockname(fd, (struct sockaddr *)bound, &len))
		return -errno;
	return getnameinfo((struct sockaddr *)bound, len, NULL, 0, port,
			   (socklen_t)size, NI_NUMERICSERV)
		       ? -EIO
		       : 0;
}

/* Whether only this host can reach it. */
static bool is_loopback(const struct sockaddr_storage *at)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)at;

	if (at->ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return at->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

int listener_open(const char *text, struct listener *l, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICHOST |
						   AI_NUMERICSERV};
	struct sockaddr_storage bound;
	char address[64], number[16];
	struct addrinfo *ai;
	const char *port = NULL;
	int ret = split(text, address, sizeof(address), &port, err);

	if (ret)
		return ret;
	ret = getaddrinfo(address, port, &hints, &ai);
	if (ret)
		return err_set(err, -EINVAL, "cannot listen on '%s': %s", text,
			       gai_strerror(ret));
	l->fd = bind_to(ai);
	freeaddrinfo(ai);
	ret = l->fd < 0 ? l->fd
			: bound_at(l->fd, &bound, number, sizeof(number));
	if (ret) {
		if (l->fd >= 0)
			close(l->fd);
		return err_sys(err, ret, "cannot listen on '%s'", text);
	}
	snprintf(l->at, sizeof(l->at),
		 strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, number);
	l->is_loopback = is_loopback(&bound);
	return 0;
}
