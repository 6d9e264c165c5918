// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/rr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "workloads/histogram.h"

/* A datagram that is not back by then is lost. */
#define LOST_MS 200
#define CONNECT_MS 5000
#define MAX_CLIENTS 32

static struct histogram latencies;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static void set_timeout(int fd, int option, unsigned int ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv));
}

static int connect_to(bool is_tcp, const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(RR_PORT)};
	int one = 1;
	int fd;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -1;
	set_timeout(fd, SO_SNDTIMEO, CONNECT_MS);
	set_timeout(fd, SO_RCVTIMEO, is_tcp ? CONNECT_MS : LOST_MS);
	if (is_tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* 1 when all came back, 0 when it was lost, -1 when there is no peer. */
static int exchange(int fd, bool is_tcp, char *buf, uint32_t bytes,
		    uint32_t number)
{
	uint32_t got = 0;
	ssize_t n;

	/* Late answers to lost requests are told apart where they can be. */
	memcpy(buf, &number, bytes < sizeof(number) ? bytes : sizeof(number));
	if (send(fd, buf, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
		return is_tcp || errno == ECONNREFUSED ? -1 : 0;
	while (got < bytes) {
		n = recv(fd, buf + got, bytes - got, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !is_tcp && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		if (!is_tcp &&
		    memcmp(buf, &number,
			   bytes < sizeof(number) ? bytes : sizeof(number)))
			continue;
		got += (uint32_t)n;
	}
	return 1;
}

static void print_result(const char *protocol, uint32_t bytes, uint64_t ns,
			 uint64_t lost)
{
	printf("{\"rr\":{\"protocol\":\"%s\",\"request_bytes\":%u,"
	       "\"elapsed_ns\":%llu,\"count\":%llu,\"lost_count\":%llu,"
	       "\"lat_ns\":{\"bins\":",
	       protocol, bytes, (unsigned long long)ns,
	       (unsigned long long)latencies.count, (unsigned long long)lost);
	histogram_write_json(&latencies, stdout);
	puts("}}}");
}

int rr_client(const char *protocol, const char *address, uint32_t bytes,
	      uint64_t ns)
{
	bool is_tcp = !strcmp(protocol, "tcp");
	char buf[RR_MAX_BYTES] = "";
	uint64_t start, before, after, lost = 0;
	uint32_t number = 0;
	int fd, ret;

	if (!bytes || bytes > sizeof(buf)) {
		errno = EINVAL;
		return fail("cannot send requests of that size");
	}
	fd = connect_to(is_tcp, address);
	if (fd < 0)
		return fail("cannot reach the peer");
	start = before = now_ns();
	do {
		ret = exchange(fd, is_tcp, buf, bytes, number++);
		after = now_ns();
		if (ret < 0)
			break;
		if (ret)
			histogram_add(&latencies, after - before);
		else
			lost++;
		before = after;
	} while (after - start < ns);
	close(fd);
	if (ret < 0)
		return fail("the peer went away");
	print_result(protocol, bytes, after - start, lost);
	return 0;
}

static int listen_on(bool is_tcp)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(RR_PORT)};
	int one = 1;
	int fd = socket(AF_INET,
			(is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    (is_tcp && listen(fd, MAX_CLIENTS))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void echo_datagram(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[2048];
	ssize_t n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len);

	if (n >= 0 &&
	    sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len) < 0)
		return; /* its sender finds it lost */
}

/* False when the client is gone. */
static bool echo_stream(int fd)
{
	char buf[2048];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	return n > 0 && send(fd, buf, (size_t)n, MSG_NOSIGNAL) == n;
}

enum { FD_LISTEN, FD_UDP, FD_CLIENTS };

static void add_client(struct pollfd *fds, nfds_t *count)
{
	int fd = accept4(fds[FD_LISTEN].fd, NULL, NULL, SOCK_CLOEXEC);
	int one = 1;

	if (fd < 0)
		return;
	if (*count == FD_CLIENTS + MAX_CLIENTS) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fds[(*count)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

int rr_serve(void)
{
	struct pollfd fds[FD_CLIENTS + MAX_CLIENTS] = {
		{.fd = listen_on(true), .events = POLLIN},
		{.fd = listen_on(false), .events = POLLIN}};
	nfds_t count = FD_CLIENTS;
	nfds_t i;

	if (fds[FD_LISTEN].fd < 0 || fds[FD_UDP].fd < 0)
		return fail("cannot listen");
	for (;;) {
		if (poll(fds, count, -1) < 0 && errno == EINTR)
			continue;
		if (fds[FD_UDP].revents)
			echo_datagram(fds[FD_UDP].fd);
		for (i = FD_CLIENTS; i < count; i++) {
			if (!fds[i].revents || echo_stream(fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i--] = fds[--count];
		}
		if (fds[FD_LISTEN].revents)
			add_client(fds, &count);
	}
}
