// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Parts of the agent that the host's side runs as well: other programs, the
 * machine's identity, the blocks of the durability test, and the micro guest's
 * loops in a process.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"
#include "workloads/guest/identity.h"
#include "workloads/guest/micro_native.h"
#include "workloads/guest/program.h"
#include "workloads/guest/writer.h"
#include "workloads/sha256.h"

/* --- programs ----------------------------------------------------------------- */

static char reason[200];

static enum wl_answer shell(const char *script, const char *input,
			    struct program_run *run)
{
	struct wl_program p = {.argv = {"sh", "-c", script}};

	snprintf(p.input, sizeof(p.input), "%s", input);
	return program_run(&p, run, reason, sizeof(reason));
}

static void a_program_reads_and_says(void **state)
{
	struct program_run run;

	(void)state;
	assert_int_equal(
		shell("cat; echo on stderr >&2", "what it reads\n", &run),
		WL_OK);
	assert_string_equal(run.output, "what it reads\n");
	assert_int_equal(run.output_len, 14);
	program_run_release(&run);
	assert_null(run.output);
	/* Zero bytes are output as well; nothing at all is. */
	assert_int_equal(shell("printf 'a\\0b'", "", &run), WL_OK);
	assert_int_equal(run.output_len, 3);
	assert_memory_equal(run.output, "a\0b", 4);
	program_run_release(&run);
	assert_int_equal(shell(":", "", &run), WL_OK);
	assert_int_equal(run.output_len, 0);
	program_run_release(&run);
}

/* Who failed, and the last thing that it said. */
static void a_program_fails(void **state)
{
	static const struct {
		const char *script, *says;
	} cases[] = {
		{"exit 3", "sh ended with 3: "},
		{"echo one >&2; echo two >&2; exit 4", "ended with 4: two"},
		{"printf 'last words\\n\\n\\n' >&2; exit 5", "5: last words"},
		{"kill -9 $$", "killed by signal 9"},
		{"echo why >&2; kill -9 $$", "killed by signal 9: why"},
		{"printf '{\"error\":\\t\"no route\"}'; echo noise >&2; exit 1",
		 "ended with 1: no route"},
		{"printf '{\"error\":\\t\"cut'; exit 1", "ended with 1: cut"},
		{"exit 126", "ended with 126"},
	};
	struct program_run run;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(shell(cases[i].script, "", &run), WL_FAIL);
		assert_contains(reason, cases[i].says);
		assert_null(strchr(reason, '\n'));
		program_run_release(&run);
	}
}

static void a_program_is_not_there(void **state)
{
	const struct wl_program none = {.argv = {"l1vh-no-such-program"}};
	struct wl_program folder = {.argv = {"/tmp"}};
	struct program_run run;

	(void)state;
	assert_int_equal(program_run(&none, &run, reason, sizeof(reason)),
			 WL_SKIP);
	assert_contains(reason, "l1vh-no-such-program");
	assert_null(run.output);
	/* What is there and cannot be run is no reason to skip. */
	assert_int_equal(program_run(&folder, &run, reason, sizeof(reason)),
			 WL_FAIL);
	program_run_release(&run);
}

/* 8 MiB are kept, and not a byte more. */
static void a_program_says_too_much(void **state)
{
	struct program_run run;

	(void)state;
	assert_int_equal(shell("head -c 8388608 /dev/zero", "", &run), WL_OK);
	assert_int_equal(run.output_len, PROGRAM_OUTPUT_MAX);
	program_run_release(&run);
	assert_int_equal(shell("head -c 8388609 /dev/zero", "", &run), WL_FAIL);
	assert_contains(reason, "too much");
	assert_null(run.output);
	/* A lot on stderr stops nobody: it is a file, not a pipe. */
	assert_int_equal(shell("head -c 1000000 /dev/zero >&2", "", &run),
			 WL_OK);
	program_run_release(&run);
}

/* --- identity -------------------------------------------------------------------- */

static void an_identity_has_lines(void **state)
{
	static const char *const keys[] = {
		"kernel.release=", "cpu.count=", "memory.total_bytes=",
		"clocksource=", "cpuid.00000000.0="};
	static char text[65536], part[65536];
	size_t len = identity_write(text, sizeof(text)), i, size;

	(void)state;
	assert_int_equal(len, strlen(text));
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		assert_contains(text, keys[i]);
	assert_null(strstr(text, "tsc-early"));
	/* Whole lines alone, however little room there is. */
	for (size = 1; size < 2000; size += 61) {
		memset(part, 'x', sizeof(part));
		len = identity_write(part, size);
		assert_true(len < size);
		assert_int_equal(len, strlen(part));
		assert_true(!len || part[len - 1] == '\n');
		assert_int_equal(part[size], 'x');
	}
}

/* --- blocks that were acknowledged ------------------------------------------------- */

#define BLOCK 4096
#define BLOCKS 512

/* As the writer lays them down: number, digest, filling. */
static void block_put(int fd, uint64_t number)
{
	static uint8_t block[BLOCK];

	memset(block, 0, sizeof(block));
	memcpy(block, &number, sizeof(number));
	memset(block + 40, (int)(number * 31 & 0xff), BLOCK - 40);
	sha256(block + 40, BLOCK - 40, block + 8);
	assert_int_equal(
		pwrite(fd, block, BLOCK, (off_t)(number % BLOCKS * BLOCK)),
		BLOCK);
}

static int check(const char *path, uint64_t acked)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)acked);
	return writer_check(path, text);
}

static void acknowledged_blocks_are_there(void **state)
{
	char path[SCRATCH_SIZE];
	uint64_t number;
	int fd;

	(void)state;
	scratch_file(path, "", 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(check(path, 0), 0); /* nothing was promised */
	assert_int_equal(check(path, 1), 1);
	for (number = 1; number <= 700; number++)
		block_put(fd, number);
	assert_int_equal(check(path, 700), 0);
	/* Later ones in their places are as good. */
	assert_int_equal(check(path, 600), 0);
	assert_int_equal(check(path, 100), 0);
	/* 701 is owed in its place, where 189 is. */
	assert_int_equal(check(path, 701), 1);
	block_put(fd, 188); /* an older one came back */
	assert_int_equal(check(path, 700), 1);
	assert_int_equal(check(path, 699), 0);
	close(fd);
	unlink(path);
}

static void a_damaged_block_is_lost(void **state)
{
	static const off_t places[] = {0, 8, 39, 40, BLOCK - 1};
	static uint8_t other[BLOCK];
	char path[SCRATCH_SIZE];
	uint64_t number;
	size_t i;
	int fd;

	(void)state;
	scratch_file(path, "", 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (number = 1; number <= 20; number++)
		block_put(fd, number);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(check(path, 20), 0);
		assert_int_equal(pwrite(fd, "\xff", 1, 7 * BLOCK + places[i]),
				 1);
		assert_int_equal(check(path, 20), 1);
		/* Before it was promised it may be anything. */
		assert_int_equal(check(path, 6), 0);
		block_put(fd, 7);
	}
	/* Whole, but of another place. */
	assert_int_equal(pread(fd, other, BLOCK, 19 * BLOCK), BLOCK);
	assert_int_equal(pwrite(fd, other, BLOCK, 7 * BLOCK), BLOCK);
	assert_int_equal(check(path, 20), 1);
	block_put(fd, 7);
	/* The file ends before the last one. */
	assert_int_equal(ftruncate(fd, 20 * BLOCK), 0);
	assert_int_equal(check(path, 20), 1);
	assert_int_equal(check(path, 19), 0);
	close(fd);
	unlink(path);
	assert_int_equal(check("/nonexistent", 5), 1);
}

/* --- the micro guest's loops in a process --------------------------------------------- */

/* What PRINT says on stdout, and its status. */
static char *said_by(const char *workload, const char *point, int *status)
{
	char path[SCRATCH_SIZE], *text = calloc(1, 1 << 20);
	pid_t pid;
	int fd;

	assert_non_null(text);
	scratch_file(path, "", 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		int ret = -1;

		if (dup2(fd, 1) == 1 && dup2(fd, 2) == 2)
			ret = micro_native_run(workload, point);
		fflush(stdout);
		_exit(ret);
	}
	assert_int_equal(waitpid(pid, status, 0), pid);
	assert_true(pread(fd, text, (1 << 20) - 1, 0) >= 0);
	close(fd);
	unlink(path);
	return text;
}

static void loops_print_a_document(void **state)
{
	static const char *const points[][2] = {
		{"micro_exit", "null,ring3"},
		{"micro_cpu", "integer,ring3"},
		{"micro_walk", "4KiB-on-4KiB,1MiB"},
	};
	json_t *root, *micro;
	size_t i, k;
	int status;
	char *text;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		json_t *cycles;

		text = said_by(points[i][0], points[i][1], &status);
		if (strstr(text, "too slow")) {
			print_message("SKIP: %s: %s", points[i][1], text);
			free(text);
			continue;
		}
		assert_int_equal(status, 0);
		root = json_loads(text, 0, NULL);
		micro = json_object_get(root, "micro");
		cycles = json_object_get(micro, "cycles");
		assert_int_equal(
			json_integer_value(json_object_get(micro, "ring")), 3);
		assert_true(json_integer_value(json_object_get(
				    micro, "tsc_khz")) > 100000);
		assert_true(json_integer_value(
				    json_object_get(micro, "repeat")) >= 1);
		assert_true(json_array_size(cycles) >= 10);
		for (k = 0; k < json_array_size(cycles); k++)
			assert_true(json_is_integer(json_array_get(cycles, k)));
		json_decref(root);
		free(text);
	}
}

static void loops_that_a_process_lacks(void **state)
{
	int status;
	char *text = said_by("micro_exit", "cpuid,ring0", &status);

	(void)state;
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_contains(text, "ring 0");
	free(text);
	text = said_by("nobody", "", &status);
	assert_int_equal(WEXITSTATUS(status), 1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_reads_and_says),
		cmocka_unit_test(a_program_fails),
		cmocka_unit_test(a_program_is_not_there),
		cmocka_unit_test(a_program_says_too_much),
		cmocka_unit_test(an_identity_has_lines),
		cmocka_unit_test(acknowledged_blocks_are_there),
		cmocka_unit_test(a_damaged_block_is_lost),
		cmocka_unit_test(loops_print_a_document),
		cmocka_unit_test(loops_that_a_process_lacks),
	};

	return RUN_TESTS(tests);
}
