// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * siege - attacks the VMM by the hostile guest, one machine per attack, beside a
 * neighbour in another machine that computes all the while. After each:
 *
 *   - the VMM has ended by itself, within its limit, with an end that it
 *     recorded: power-off, reset, triple fault, hypervisor error, or stopped
 *     when it was asked to be;
 *   - it took little memory beyond the guest's RAM;
 *   - files of the host are as they were, but for the attacker's own disk;
 *   - the neighbour has gone on, and all its sums are right;
 *   - a guest that ended well found its devices alive after a reset.
 *
 * An attack on the harness is a whole run with the hostile guest in the micro
 * guest's place (siege_link.h); --slow leaves these out.
 *
 * usage: siege [--cheap] [--slow | --sanitized] FOLDER HYPERVISOR [ATTACK]...
 * FOLDER has l1vh-vmm, hostile.bin and hostile.bz; --slow is for a host that is
 * emulated, --sanitized for a VMM with sanitizers, which is slow as well and has no
 * sandbox. Prints TAP.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "tests/hostile/siege_guest.h"
#include "tests/hostile/siege_host.h"
#include "tests/hostile/siege_link.h"

#define MAX_ATTACKS 128u
/* The VMM's own, more than in a machine that attacks nothing. */
#define GROWTH_MAX_KIB (16u * 1024u)
#define WORDS_MAX_BYTES 4096u
/* For a guest that is to end by itself; and one that is to be stopped. */
#define LIMIT_S 30u
#define STAYS_S 1u
#define STOP_S 10u
#define NEIGHBOUR_S 30u
#define SLOW 4u
/* Between two rounds of the neighbour. */
#define HEAR_MS 20

struct row {
	char name[32];
	bool lives; /* it says at its end that its devices work */
	bool stays; /* it never ends by itself */
	bool is_cheap;
	bool is_kernel;
	bool is_link; /* against the harness, by a whole run */
};

struct siege {
	const char *folder;
	const char *hv;
	bool wants_cheap;
	uint32_t slow; /* limits are this many times as long */
	bool is_sanitized;
	char vmm[256], micro[256], kernel[256];
	struct host host;
	struct guest neighbour;
	struct link_run run;
	struct row rows[MAX_ATTACKS];
	uint32_t row_count;
	uint64_t idle_kib; /* of a machine that attacks nothing */
	uint32_t tried, survived;
};

static struct guest_spec spec_of(const struct siege *s, const char *command,
				 bool is_kernel)
{
	return (struct guest_spec){.vmm = s->vmm,
				   .image = is_kernel ? s->kernel : s->micro,
				   .hv = s->hv,
				   .command = command,
				   .is_kernel = is_kernel,
				   .is_sanitized = s->is_sanitized,
				   .host = &s->host};
}

/* Until G has ended, or S seconds have passed; the neighbour computes. */
static void await_end(struct siege *s, struct guest *g, uint64_t seconds)
{
	uint64_t until = clock_mono_ns() + seconds * s->slow * NS_PER_S;
	struct guest *const both[] = {g, &s->neighbour};

	while (!g->has_ended && clock_mono_ns() < until) {
		guest_ask(&s->neighbour);
		guests_hear(both, s->neighbour.pid > 0 ? 2 : 1, HEAR_MS);
	}
}

/* One round that began after the attack's end. */
static bool neighbour_goes_on(struct siege *s)
{
	uint64_t until = clock_mono_ns() + NEIGHBOUR_S * s->slow * NS_PER_S;
	struct guest *g = &s->neighbour;
	uint64_t want = g->asked_count + 1;

	while (g->right_count < want && !g->has_ended && !g->wrong_count &&
	       clock_mono_ns() < until) {
		guest_ask(g);
		guests_hear(&g, 1, HEAR_MS);
	}
	return g->right_count >= want && !g->wrong_count;
}

static const char *bad_end(const struct guest *g, const struct row *row,
			   bool was_asked)
{
	int code = WIFEXITED(g->status) ? WEXITSTATUS(g->status) : -1;

	if (was_asked != row->stays && was_asked)
		return "it did not end within its limit";
	if (code != 0 && (code < 10 || code > 14))
		return "the VMM crashed";
	if (!guest_said(g, GUEST_EVENTS, "\nend "))
		return "its end was not recorded";
	if (row->lives && code)
		return "the machine ended before the attack did";
	if (row->lives && !guest_said(g, GUEST_SERIAL, "disk works\n"))
		return "its devices do not work after a reset";
	return NULL;
}

/* NULL, or what the attack did. */
static const char *harm(struct siege *s, const struct guest *g,
			const struct row *row, bool was_asked)
{
	const char *why = bad_end(g, row, was_asked);

	if (why)
		return why;
	if (g->memory_kib > s->idle_kib + GROWTH_MAX_KIB)
		return "the VMM's memory grew";
	if (g->bytes[GUEST_WORDS] > WORDS_MAX_BYTES)
		return "the VMM's own words have no end";
	if (!neighbour_goes_on(s))
		return "its neighbour stopped, or computed wrongly";
	return host_changed(&s->host);
}

/* Its lines as comments, without what a terminal would obey. */
static void show_tail(const char *what, const struct guest *g,
		      enum guest_stream stream)
{
	const struct strbuf *tail = &g->tails[stream];
	size_t i;

	printf("# %s: ", what);
	for (i = 0; i < tail->len; i++)
		if (tail->str[i] == '\n')
			fputs("\n# ", stdout);
		else
			putchar(isprint((unsigned char)tail->str[i])
					? tail->str[i]
					: '?');
	putchar('\n');
}

static void show(const struct siege *s, const struct row *row,
		 const struct guest *g, const char *why, double seconds)
{
	char text[80];

	printf("%s %u - %s on %s # %.2f s\n", why ? "not ok" : "ok", s->tried,
	       row->name, s->hv, seconds);
	if (why) {
		printf("# %s; the VMM %s, %llu KiB above an idle one\n", why,
		       proc_status_text(g->status, text, sizeof(text)),
		       (unsigned long long)(g->memory_kib - s->idle_kib));
		show_tail("it said", g, GUEST_WORDS);
		show_tail("events", g, GUEST_EVENTS);
		show_tail("serial", g, GUEST_SERIAL);
	}
	fflush(stdout);
}

static void attack(struct siege *s, const struct row *row)
{
	struct guest_spec spec = spec_of(s, row->name, row->is_kernel);
	uint64_t began_ns = clock_mono_ns();
	const char *why = NULL;
	struct err err = {0};
	struct guest g;
	bool was_asked = false;

	s->tried++;
	if (guest_start(&g, &spec, &err)) {
		why = err.msg;
	} else {
		await_end(s, &g, row->stays ? STAYS_S : LIMIT_S);
		was_asked = !g.has_ended;
		if (was_asked) {
			kill(g.pid, SIGTERM);
			await_end(s, &g, STOP_S);
		}
		why = g.has_ended ? harm(s, &g, row, was_asked)
				  : "the VMM does not stop";
	}
	show(s, row, &g, why, (double)(clock_mono_ns() - began_ns) / NS_PER_S);
	s->survived += !why;
	guest_release(&g);
}

static void attack_link(struct siege *s, const struct row *row)
{
	struct guest_spec spec = spec_of(s, row->name, false);
	uint64_t began_ns = clock_mono_ns();
	struct err err = {0};
	int image = guest_image(&spec, &err);
	const char *why =
		image < 0 ? err.msg
			  : link_run_try(&s->run, s->hv, image, s->slow);
	char text[80];

	s->tried++;
	if (image >= 0)
		close(image);
	printf("%s %u - %s on %s # %.2f s\n", why ? "not ok" : "ok", s->tried,
	       row->name, s->hv,
	       (double)(clock_mono_ns() - began_ns) / NS_PER_S);
	if (why) {
		text_clean(s->run.said);
		printf("# %s; the run %s, %llu KiB, its store %llu bytes: %s\n",
		       why, proc_status_text(s->run.status, text, sizeof(text)),
		       (unsigned long long)s->run.memory_kib,
		       (unsigned long long)s->run.store_bytes, s->run.said);
	}
	fflush(stdout);
	s->survived += !why;
}

/* "attack NAME lives|ends|stays cheap|long micro|kernel" */
static void take_row(struct siege *s, const char *line)
{
	struct row *row = &s->rows[s->row_count];
	char end[16], cost[16], boot[16];

	if (s->row_count == MAX_ATTACKS ||
	    sscanf(line, "attack %31s %15s %15s %15s", row->name, end, cost,
		   boot) != 4)
		return;
	row->lives = !strcmp(end, "lives");
	row->stays = !strcmp(end, "stays");
	row->is_cheap = !strcmp(cost, "cheap");
	row->is_kernel = !strcmp(boot, "kernel");
	row->is_link = !strcmp(boot, "link");
	s->row_count++;
}

/* From the image itself: its table is the only one. */
static int rows_read(struct siege *s, struct err *err)
{
	struct guest_spec spec = spec_of(s, "list", false);
	struct guest g;
	int ret = guest_start(&g, &spec, err);
	char *line, *rest;

	if (!ret) {
		await_end(s, &g, LIMIT_S);
		s->idle_kib = g.memory_kib;
		rest = g.tails[GUEST_SERIAL].str;
		while (rest && (line = strsep(&rest, "\n")))
			take_row(s, line);
		if (!s->row_count || !g.has_ended)
			ret = err_set(err, -EIO,
				      "the hostile guest does not boot: %s",
				      strbuf_str(&g.tails[GUEST_WORDS]));
	}
	guest_release(&g);
	return ret;
}

static int neighbour_start(struct siege *s, struct err *err)
{
	struct guest_spec spec = spec_of(s, "neighbour", false);
	struct guest *g = &s->neighbour;
	int ret;

	spec.is_neighbour = true;
	ret = guest_start(g, &spec, err);
	if (ret || neighbour_goes_on(s))
		return ret;
	return err_set(err, -EIO, "the neighbour does not compute: %s %s",
		       strbuf_str(&g->tails[GUEST_WORDS]),
		       strbuf_str(&g->tails[GUEST_SERIAL]));
}

static bool is_wanted(const struct siege *s, const struct row *row,
		      char *const *names)
{
	/* With sanitizers a run's memory says nothing of the guest's. */
	if (row->is_link && s->slow > 1)
		return false;
	if (!*names)
		return row->is_cheap || !s->wants_cheap;
	for (; *names; names++)
		if (!strcmp(*names, row->name))
			return true;
	return false;
}

static bool wants_links(const struct siege *s, char *const *names)
{
	uint32_t i;

	for (i = 0; i < s->row_count; i++)
		if (s->rows[i].is_link && is_wanted(s, &s->rows[i], names))
			return true;
	return false;
}

static int run(struct siege *s, char *const *names)
{
	struct err err = {0};
	uint32_t i;
	int ret = host_create(&s->host, &err);

	if (!ret)
		ret = rows_read(s, &err);
	if (!ret)
		ret = neighbour_start(s, &err);
	if (!ret && wants_links(s, names))
		ret = link_run_create(&s->run, s->folder, &err);
	if (ret)
		fprintf(stderr, "siege: %s\n", err.msg);
	else if (s->host.tap_fd < 0)
		printf("# no network card: this host makes no TAP\n");
	for (i = 0; i < s->row_count && !ret; i++)
		if (is_wanted(s, &s->rows[i], names))
			(s->rows[i].is_link ? attack_link
					    : attack)(s, &s->rows[i]);
	link_run_destroy(&s->run);
	guest_release(&s->neighbour);
	host_destroy(&s->host);
	if (ret)
		return 2;
	printf("1..%u\n# faults: hostile guest: %u tried, %u survived\n",
	       s->tried, s->tried, s->survived);
	return s->survived < s->tried;
}

int main(int argc, char **argv)
{
	static struct siege s = {.slow = 1};
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at++) {
		s.wants_cheap |= !strcmp(argv[at], "--cheap");
		s.is_sanitized |= !strcmp(argv[at], "--sanitized");
		if (s.is_sanitized || !strcmp(argv[at], "--slow"))
			s.slow = SLOW;
	}
	if (argc < at + 2) {
		fputs("usage: siege [--cheap] [--slow | --sanitized] FOLDER HYPERVISOR [ATTACK]...\n",
		      stderr);
		return 64;
	}
	s.folder = argv[at];
	s.hv = argv[at + 1];
	snprintf(s.vmm, sizeof(s.vmm), "%s/l1vh-vmm", s.folder);
	snprintf(s.micro, sizeof(s.micro), "%s/hostile.bin", s.folder);
	snprintf(s.kernel, sizeof(s.kernel), "%s/hostile.bz", s.folder);
	signal(SIGPIPE, SIG_IGN);
	/* Freed memory goes back, so that its growth can be seen. */
	setenv("ASAN_OPTIONS",
	       "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 0);
	return run(&s, argv + at + 2);
}
