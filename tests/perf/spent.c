// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * spent - run a program and say on stderr what it took: `spent SECONDS MIB`,
 * elapsed time and the most memory that was resident at once.
 *
 * usage: spent COMMAND [ARGUMENT...]; exit status: the command's own
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double started = now_s();
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		return 64;
	pid = fork();
	if (!pid) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(70);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 70;
	fprintf(stderr, "spent %.3f %.1f\n", now_s() - started,
		(double)usage.ru_maxrss / 1024);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}
