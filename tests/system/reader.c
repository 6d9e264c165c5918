// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Init of a guest that keeps requests under way on two disks and looks at each answer,
 * so that a guest which is saved meanwhile shows whether one was lost, came twice or
 * brought another's data. The first disk is read, and has the number of each block all
 * over it; the second takes whatever is written.
 *
 * usage, on the host: reader FILE   makes such a first disk
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "workloads/guest/system.h"

#define BLOCK_BYTES 4096
#define BLOCKS 4096
#define UNDER_WAY 32
#define TOTAL 4000
#define MAX_TOTAL (1 << 22)
#define LEAST_S 2 /* or a fast host has no time to save it */
#define WORDS (BLOCK_BYTES / sizeof(uint32_t))

struct request {
	struct iocb cb;
	uint32_t *data;
	uint32_t block;
};

static aio_context_t context;
static struct request requests[UNDER_WAY];
static int disks[2];
static bool has_ended[MAX_TOTAL];

static void fill(uint32_t *data, uint32_t word)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		data[i] = word;
}

static int make_disk(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	uint32_t data[WORDS], n;

	for (n = 0; n < BLOCKS; n++) {
		fill(data, n);
		if (write(fd, data, sizeof(data)) != sizeof(data))
			return 1;
	}
	return close(fd) != 0;
}

static void __attribute__((noreturn)) end(const char *what, uint32_t block)
{
	printf("reader: %s, block %u: %m\n", what, block);
	system_power_off();
}

static void submit(struct request *r, int number)
{
	struct iocb *cb = &r->cb;
	bool is_write = number % 2;

	r->block = (uint32_t)(number * 2654435761u) % BLOCKS;
	fill(r->data, ~r->block);
	*cb = (struct iocb){
		.aio_data =
			(uint64_t)number * UNDER_WAY + (uint64_t)(r - requests),
		.aio_fildes = (uint32_t)disks[is_write],
		.aio_lio_opcode = is_write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
		.aio_buf = (uintptr_t)r->data,
		.aio_nbytes = BLOCK_BYTES,
		.aio_offset = (int64_t)r->block * BLOCK_BYTES,
	};
	if (syscall(SYS_io_submit, context, 1, &cb) != 1)
		end("WRONG: not taken", r->block);
}

static void check(const struct request *r, int number, int64_t result)
{
	uint32_t expected =
		r->cb.aio_lio_opcode == IOCB_CMD_PREAD ? r->block : ~r->block;
	size_t i;

	errno = result < 0 ? (int)-result : 0;
	if (has_ended[number])
		end("WRONG: came twice", r->block);
	if (result != BLOCK_BYTES)
		end("WRONG: failed", r->block);
	for (i = 0; i < WORDS; i++)
		if (r->data[i] != expected)
			end("WRONG: other data", r->block);
	has_ended[number] = true;
}

static void start(void)
{
	static const char *const names[] = {"/dev/vda", "/dev/vdb"};
	int i;

	setvbuf(stdout, NULL, _IONBF, 0);
	system_mount();
	system_load_modules("/modules");
	system_load_modules("/modules/io");
	for (i = 0; i < 2; i++)
		disks[i] = open(names[i], (i ? O_WRONLY : O_RDONLY) | O_DIRECT |
						  O_CLOEXEC);
	if (disks[0] < 0 || disks[1] < 0 ||
	    syscall(SYS_io_setup, UNDER_WAY, &context))
		end("WRONG: no disks", 0);
	for (i = 0; i < UNDER_WAY; i++)
		requests[i].data = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
}

static bool is_enough(int ended, time_t start)
{
	return ended >= MAX_TOTAL - UNDER_WAY ||
	       (ended >= TOTAL && time(NULL) - start > LEAST_S);
}

static void work(void)
{
	struct io_event events[UNDER_WAY];
	int submitted, ended = 0;
	time_t start = time(NULL);
	long i, n;

	for (submitted = 0; submitted < UNDER_WAY; submitted++)
		submit(&requests[submitted], submitted);
	while (!is_enough(ended, start)) {
		n = syscall(SYS_io_getevents, context, 1, UNDER_WAY, events,
			    NULL);
		for (i = 0; i < n; i++) {
			struct request *r =
				&requests[events[i].data % UNDER_WAY];

			check(r, (int)(events[i].data / UNDER_WAY),
			      events[i].res);
			if (++ended == UNDER_WAY * 4)
				printf("reader: under way\n");
			submit(r, submitted++);
		}
	}
	printf("reader: all %d requests were right\n", ended);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return make_disk(argv[1]);
	start();
	work();
	system_power_off();
}
