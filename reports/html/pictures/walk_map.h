/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_WALK_MAP_H
#define REPORTS_HTML_PICTURES_WALK_MAP_H

/*
 * walk_map - the time of a load that misses the TLB, by guest page and host page, a
 * field each; the darker, the longer. One map per runner, on one scale.
 */
#include <stddef.h>

struct model;
struct strbuf;

/* Returns how many maps there are; 0: no page walk was measured. */
size_t walk_map_write(const struct model *m, struct strbuf *out);

#endif
