// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/peers/peer_machine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/machine.h"
#include "runners/machine/qemu_program.h"
#include "runners/peers/peer.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

bool peer_machine_has_vsock(void)
{
	struct vsock_listener l;
	bool has;

	vsock_listener_open(&l);
	has = l.fd >= 0;
	vsock_listener_close(&l);
	return has;
}

/* This process's, with another HOME: the folder. */
static char **make_env(const char *home)
{
	size_t count = 0, used = 1;
	char **env, **e;

	for (e = environ; e && *e; e++)
		count++;
	env = xcalloc(count + 2, sizeof(*env));
	env[0] = (char *)home;
	for (e = environ; e && *e; e++)
		if (strncmp(*e, "HOME=", 5))
			env[used++] = *e;
	return env;
}

static int open_vsock(struct peer_machine *m, struct err *err)
{
	if (m->peer->vsock == PEER_VSOCK_FILE)
		return vsock_listener_open_file(&m->vsock, m->socket, err);
	vsock_listener_open(&m->vsock);
	return m->vsock.fd >= 0
		       ? 0
		       : err_set(err, -ENODEV, "there is no /dev/vhost-vsock");
}

/* " NAME=SERIAL" for a disk of PATH whose serial number the VMM chooses. */
static char *serial_word(const struct peer *p, const char *name,
			 const char *path)
{
	char *serial = path && p->io.serial ? p->io.serial(path) : NULL;
	char *word = serial ? xasprintf(" %s=%s", name, serial) : xstrdup("");

	free(serial);
	return word;
}

static char *make_cmdline(const struct peer *p, const struct io_site *site)
{
	char *data = serial_word(p, WL_DATA_SERIAL,
				 site->has_disk ? site->disk : NULL);
	char *tools = serial_word(p, WL_TOOLS_SERIAL, site->tools);
	char *more =
		xasprintf(GUEST_VSOCK "%s%s%s", p->more_cmdline, data, tools);
	char *line = guest_cmdline_foreign(more);

	free(more);
	free(data);
	free(tools);
	return line;
}

int peer_machine_open(struct peer_machine *m, const struct peer_case *c,
		      const struct io_site *site, struct err *err)
{
	const struct bench_case *bc = site->bc;
	const struct peer *p = c->peer;
	struct peer_boot boot = {.bc = bc,
				 .program = c->program,
				 .version = c->version,
				 .site = site};
	int ret;

	*m = (struct peer_machine){
		.peer = p, .bc = bc, .site = site, .vsock = {.fd = -1}};
	ret = peer_folder_open(&m->folder, err);
	if (ret)
		return ret;
	m->cmdline = make_cmdline(p, site);
	m->kernel = p->needs_elf ? guest_boot_elf() : guest_boot_kernel(bc);
	m->initrd = file_beside_exe("guest/initramfs.cpio");
	m->socket = xasprintf("%s/" PEER_FOLDER_SOCKET, m->folder.path);
	m->home = xasprintf("HOME=%s", m->folder.path);
	m->env = make_env(m->home);
	ret = open_vsock(m, err);
	boot.kernel = m->kernel;
	boot.initrd = m->initrd;
	boot.cmdline = m->cmdline;
	boot.folder = m->folder.path;
	boot.socket = m->socket;
	boot.cid = m->vsock.cid;
	return ret ? ret : p->add_args(&m->args, &boot, err);
}

void peer_machine_close(struct peer_machine *m)
{
	vsock_listener_close(&m->vsock);
	args_release(&m->args);
	peer_folder_close(&m->folder);
	free(m->kernel);
	free(m->initrd);
	free(m->cmdline);
	free(m->socket);
	free(m->home);
	free(m->env);
}

/* In the child. Whoever starts it may die without a word, and a VMM may take its
 * time for a SIGTERM, or ignore it. */
static int prepare(void *arg)
{
	const struct peer_machine *m = arg;

	environ = m->env;
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

/* One that can use several hypervisors chooses by itself. */
static void look(void *arg, pid_t pid)
{
	struct peer_machine *m = arg;

	m->has_device_open = qemu_has_open(pid, m->peer->device) ||
			     (m->peer->is_emulated &&
			      qemu_has_open(pid, "/memfd:mshv (deleted)"));
}

static void judge(const struct peer_machine *m, struct result *res)
{
	if (!res->identity || m->has_device_open)
		return;
	res->status = RUN_OK;
	result_fail(res, RUN_RUNNER_FAILED,
		    "%s was to use %s and does not have it open",
		    m->peer->title, m->peer->device);
	result_drop_series(res);
}

void peer_machine_run(struct peer_machine *m, const struct watch *watch,
		      struct result *res)
{
	const struct machine_spec spec = {
		.argv = (const char *const *)m->args.words,
		.site = m->site,
		.vsock = &m->vsock,
		.events = MACHINE_EVENTS_MUTE,
		.reads_kvm = !strcmp(m->peer->device, "/dev/kvm"),
		.is_on_mshv = !strcmp(m->peer->device, "/dev/mshv") &&
			      !m->peer->is_emulated,
		.watch = watch,
		.prepare = prepare,
		.prepare_arg = m,
		.on_hello = look,
		.on_hello_arg = m,
	};

	machine_run(&spec, m->bc, res);
	judge(m, res);
}
