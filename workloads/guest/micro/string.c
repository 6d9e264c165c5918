// SPDX-License-Identifier: GPL-3.0-or-later
/* The functions of libc that the compiler and workloads/wire.c use. */
#include <stddef.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	void *at = to;

	__asm__ volatile("rep movsb"
			 : "+D"(at), "+S"(from), "+c"(len)
			 :
			 : "memory");
	return to;
}

void *memset(void *to, int value, size_t len)
{
	void *at = to;

	__asm__ volatile("rep stosb"
			 : "+D"(at), "+c"(len)
			 : "a"(value)
			 : "memory");
	return to;
}

/* Towards the start alone: all that is moved here is moved so. */
void *memmove(void *to, const void *from, size_t len)
{
	return memcpy(to, from, len);
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
