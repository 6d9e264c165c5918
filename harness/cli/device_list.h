/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_DEVICE_LIST_H
#define HARNESS_CLI_DEVICE_LIST_H

/* device_list - the option --device of every command that boots guests. */
struct err;
struct io_plan;

/* "0000:00:05.0,00:06.0" into the plan's devices. -EINVAL, -E2BIG. */
int device_list_parse(const char *text, struct io_plan *io, struct err *err);

#endif
