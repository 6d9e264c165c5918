// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/thread.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
		 void *arg)
{
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack_bytes);
	ret = pthread_create(thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return -ret;
}

void thread_set_name(const char *fmt, ...)
{
	char name[16];
	va_list args;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	prctl(PR_SET_NAME, name);
}

void thread_wait_open(struct thread_wait *w, int proc_fd)
{
	static const char file[] = "thread-self/schedstat";

	thread_wait_close(w);
	w->fd = proc_fd >= 0 ? openat(proc_fd, file, O_RDONLY | O_CLOEXEC)
			     : open("/proc/thread-self/schedstat",
				    O_RDONLY | O_CLOEXEC);
	w->tid = gettid();
}

uint64_t thread_wait_ns(struct thread_wait *w)
{
	uint64_t waited_ns;
	char text[96];
	ssize_t n;

	if (w->tid != gettid())
		thread_wait_open(w, -1);
	n = w->fd < 0 ? -1 : pread(w->fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return sscanf(text, "%*u %" SCNu64, &waited_ns) == 1 ? waited_ns : 0;
}

void thread_wait_close(struct thread_wait *w)
{
	if (w->tid && w->fd >= 0)
		close(w->fd);
	w->tid = 0;
}
