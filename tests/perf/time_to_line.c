// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * time_to_line - start a program, wait for a line of its output, say how
 * long that took and what the program's memory is beyond the guest's, end it.
 *
 * usage: time_to_line TEXT GUEST_RAM_MIB COMMAND [ARG...]
 * Prints "ELAPSED_NS BEYOND_GUEST_KIB". The guest's RAM is every mapping of
 * at least half that size.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static unsigned long beyond_guest_kib(pid_t pid, unsigned long guest_mib)
{
	unsigned long long first, last;
	unsigned long total = 0, pss;
	bool is_guest = false;
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &first, &last) == 2)
			is_guest = last - first >= (uint64_t)guest_mib << 19;
		else if (sscanf(line, "Pss: %lu", &pss) == 1 && !is_guest)
			total += pss;
	}
	if (f)
		fclose(f);
	return total;
}

int main(int argc, char **argv)
{
	uint64_t start = now_ns();
	char line[4096];
	int fds[2];
	pid_t pid;
	FILE *out;
	int status = 1;

	if (argc < 4 || pipe(fds))
		return 64;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], 1);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	close(fds[1]);
	out = fdopen(fds[0], "r");
	while (fgets(line, sizeof(line), out)) {
		uint64_t end = now_ns();

		if (!strstr(line, argv[1]))
			continue;
		/* Reading the memory takes a time of its own. */
		printf("%llu %lu\n", (unsigned long long)(end - start),
		       beyond_guest_kib(pid, strtoul(argv[2], NULL, 10)));
		status = 0;
		break;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return status;
}
