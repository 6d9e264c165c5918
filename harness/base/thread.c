// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/thread.h"

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
