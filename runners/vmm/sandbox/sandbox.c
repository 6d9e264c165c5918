// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/thread.h"
#include "runners/vmm/sandbox/sandbox_priv.h"
#include "runners/vmm/sandbox/starter.h"
#include "runners/vmm/words.h"

enum part {
	PART_SECCOMP,
	PART_LANDLOCK,
	PART_CAPABILITIES,
	PART_RINGS,
	PART_COUNT
};

static struct {
	struct sandbox_config cfg;
	unsigned int namespaces; /* a mask of what is had */
	int landlock_version;
	int ruleset_fd, proc_fd; /* until sandbox_seal() */
	/* By part, why it is not had. Threads set them before sandbox_seal(),
	 * which begins after they are in. */
	atomic_int errors[PART_COUNT];
	char text[340];
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	unsigned int started, entered; /* before sandbox_seal() */
	bool is_sealed, may_go;
} box = {.ruleset_fd = -1,
	 .proc_fd = -1,
	 .text = "off",
	 .lock = PTHREAD_MUTEX_INITIALIZER,
	 .changed = PTHREAD_COND_INITIALIZER};

void sandbox_init(const struct sandbox_config *cfg)
{
	box.cfg = *cfg;
	box.started = box.entered = 0;
	box.is_sealed = box.may_go = false;
	if (cfg->mode != SANDBOX_OFF)
		snprintf(box.text, sizeof(box.text), "not entered");
}

bool sandbox_is_on(void)
{
	return box.cfg.mode != SANDBOX_OFF;
}

static void note(enum part part, int ret)
{
	int expected = 0;

	if (ret)
		atomic_compare_exchange_strong(&box.errors[part], &expected,
					       ret);
}

void sandbox_note_ring(int ret)
{
	note(PART_RINGS, ret);
}

static void prepare_landlock(void)
{
	box.landlock_version = landlock_version();
	box.ruleset_fd = landlock_open(box.landlock_version);
	note(PART_LANDLOCK, box.ruleset_fd < 0 ? box.ruleset_fd : 0);
}

/*
 * What libc would read from files later: at a guest's first look at its clock the
 * time zone, which gmtime_r() needs as well; for the memory of a ninth thread how
 * many CPUs there are, if it is not told the limit that it then computes
 * (malloc(3), M_ARENA_MAX); before it gives memory of a thread back, whether the
 * kernel overcommits, so that it keeps it, but for large pieces: of 64 KiB and more,
 * as a guest can want many of in sizes of its choice (a disk's bounce buffers).
 */
static void prepare_libc(void)
{
	cpu_set_t set;

	tzset();
	if (!sched_getaffinity(0, sizeof(set), &set))
		mallopt(M_ARENA_MAX, 8 * CPU_COUNT(&set));
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, 64 * KIB);
}

int sandbox_isolate(bool wants_starter, struct err *err)
{
	int ret;

	if (!sandbox_is_on())
		return 0;
	box.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	prepare_libc();
	prepare_landlock();
	ret = trap_set(box.cfg.events_fd);
	if (ret)
		return err_sys(err, ret, "cannot watch over system calls");
	namespaces_leave(&box.namespaces);
	/* Whoever started the VMM may have made it the first of its own. */
	if (getpid() == 1)
		box.namespaces |= NAMESPACE_PID;
	note(PART_CAPABILITIES, capabilities_drop());
	ret = wants_starter ? starter_open() : 0;
	return ret ? err_sys(err, ret, "cannot start a thread") : 0;
}

void sandbox_open_wait(struct thread_wait *w)
{
	thread_wait_open(w, box.proc_fd);
}

/* A card's threads have their starter's rules for files. */
static bool has_landlock(enum sandbox_thread kind)
{
	return kind == SANDBOX_NET;
}

static void restrict_thread(enum sandbox_thread kind)
{
	trap_set_kind(kind);
	if (box.ruleset_fd >= 0 && !has_landlock(kind))
		note(PART_LANDLOCK, landlock_enter(box.ruleset_fd));
	if (box.cfg.has_seccomp)
		note(PART_SECCOMP, filter_enter(box.cfg.calls, kind));
	else
		note(PART_SECCOMP, -ENOTSUP);
}

static void wait_for_go(void)
{
	pthread_mutex_lock(&box.lock);
	box.entered++;
	pthread_cond_broadcast(&box.changed);
	while (!box.may_go)
		pthread_cond_wait(&box.changed, &box.lock);
	pthread_mutex_unlock(&box.lock);
}

void sandbox_enter(enum sandbox_thread kind)
{
	if (!sandbox_is_on())
		return;
	restrict_thread(kind);
	if (kind == SANDBOX_VCPU || kind == SANDBOX_BELL ||
	    kind == SANDBOX_BLOCK)
		wait_for_go();
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* NAME behind what W has, and WHAT it is. */
static void add(struct words *w, const char *name, const char *what)
{
	words_add(w, "%s%s%s", w->len ? ", " : "", name, what);
}

static void list_namespaces(struct words *had, struct words *lacking)
{
	char names[64];

	namespaces_text(box.namespaces, names, sizeof(names));
	if (box.namespaces)
		add(had, names, " namespaces");
	namespaces_text(NAMESPACE_ALL & ~box.namespaces, names, sizeof(names));
	if (box.namespaces != NAMESPACE_ALL)
		add(lacking, names, " namespaces");
}

static bool write_text(void)
{
	char had_text[160] = "", lacking_text[160] = "", landlock[24];
	struct words had = {had_text, sizeof(had_text), 0};
	struct words lacking = {lacking_text, sizeof(lacking_text), 0};
	const char *names[PART_COUNT] = {
		[PART_SECCOMP] = "seccomp",
		[PART_LANDLOCK] = landlock,
		[PART_CAPABILITIES] = "no capabilities",
		[PART_RINGS] = "restricted io_uring",
	};
	int i;

	snprintf(landlock, sizeof(landlock), "landlock");
	if (!atomic_load(&box.errors[PART_LANDLOCK]))
		snprintf(landlock, sizeof(landlock), "landlock %d",
			 box.landlock_version);
	for (i = 0; i < PART_COUNT; i++)
		if (atomic_load(&box.errors[i]))
			add(&lacking, names[i], "");
		else if (i != PART_RINGS) /* a disk's own words say it */
			add(&had, names[i], "");
	list_namespaces(&had, &lacking);
	snprintf(box.text, sizeof(box.text), "%s%s%s", had.text,
		 lacking.len ? (had.len ? "; not: " : "not: ") : "",
		 lacking.text);
	return !lacking.len;
}

int sandbox_seal(struct err *err)
{
	if (!sandbox_is_on())
		return 0;
	/* While the others do the same. */
	sandbox_enter(SANDBOX_MAIN);
	pthread_mutex_lock(&box.lock);
	while (box.entered < box.started)
		pthread_cond_wait(&box.changed, &box.lock);
	box.is_sealed = true;
	pthread_mutex_unlock(&box.lock);
	close_fd(&box.ruleset_fd);
	close_fd(&box.proc_fd);
	if (write_text() || box.cfg.mode != SANDBOX_REQUIRED)
		return 0;
	return err_set(err, -EPERM,
		       "this host does not permit the whole sandbox: %s",
		       box.text);
}

void sandbox_go(void)
{
	pthread_mutex_lock(&box.lock);
	box.may_go = true;
	pthread_cond_broadcast(&box.changed);
	pthread_mutex_unlock(&box.lock);
}

const char *sandbox_text(void)
{
	return box.text;
}

int sandbox_thread_start(pthread_t *thread, size_t stack_bytes,
			 void *(*run)(void *), void *arg)
{
	int ret;

	if (box.is_sealed)
		return starter_ask(thread, stack_bytes, run, arg);
	ret = thread_start(thread, stack_bytes, run, arg);
	if (!ret && sandbox_is_on())
		box.started++;
	return ret;
}

void sandbox_release(void)
{
	starter_close();
	close_fd(&box.ruleset_fd);
	close_fd(&box.proc_fd);
}
