// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/walk_map.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/picture.h"

#define LEFT 96.0
#define FIELD_WIDTH 112
#define FIELD_HEIGHT 34
#define HEAD 38   /* for what it is, and the runner */
#define BOTTOM 36 /* for the host's pages and what they are */
/* Text on a field keeps its contrast: the darkest is no darker than this. */
#define LEAST_SHADE .06
#define MOST_SHADE .55

static const char *const pages[] = {"4KiB", "2MiB", "1GiB"};

struct field {
	const struct model_row *row; /* NULL: none */
	uint64_t set_bytes;
};

struct map {
	struct picture p;
	struct field fields[ARRAY_SIZE(pages)][ARRAY_SIZE(pages)];
	bool has_guest[ARRAY_SIZE(pages)], has_host[ARRAY_SIZE(pages)];
	double low, high; /* of all runners */
};

static size_t page_index(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (strlen(pages[i]) == len && !strncmp(text, pages[i], len))
			break;
	return i;
}

/* "4KiB-on-2MiB,64MiB/p50": a guest's page on a host's, and the working set. */
static bool parse_point(const char *point, size_t *guest, size_t *host,
			uint64_t *set_bytes)
{
	const char *on = strstr(point, "-on-");
	const char *comma = on ? strchr(on, ',') : NULL;
	const char *slash = comma ? strchr(comma, '/') : NULL;
	char set[24];

	if (!slash || strcmp(slash, "/p50") ||
	    (size_t)(slash - comma) > sizeof(set))
		return false;
	snprintf(set, sizeof(set), "%.*s", (int)(slash - comma - 1), comma + 1);
	*guest = page_index(point, (size_t)(on - point));
	*host = page_index(on + 4, (size_t)(comma - on - 4));
	return *guest < ARRAY_SIZE(pages) && *host < ARRAY_SIZE(pages) &&
	       !units_parse_bytes(set, set_bytes, NULL);
}

static bool has_figure(const struct model *m, const struct model_row *row)
{
	size_t k;

	for (k = 0; k < m->runner_count; k++)
		if (row->cells[k].median > 0)
			return true;
	return false;
}

static void add_row(struct map *map, const struct model_row *row)
{
	uint64_t set_bytes;
	size_t guest, host;

	if (strcmp(row->workload, "micro_walk") || !has_figure(map->p.m, row) ||
	    !parse_point(row->point, &guest, &host, &set_bytes) ||
	    set_bytes < map->fields[guest][host].set_bytes)
		return;
	map->fields[guest][host] = (struct field){row, set_bytes};
}

/* Of those fields that are drawn. */
static void find_range(struct map *map)
{
	size_t g, h, k;

	for (g = 0; g < ARRAY_SIZE(pages); g++)
		for (h = 0; h < ARRAY_SIZE(pages); h++)
			for (k = 0; map->fields[g][h].row &&
				    k < map->p.m->runner_count;
			     k++) {
				double value =
					map->fields[g][h].row->cells[k].median;

				if (!(value > 0))
					continue;
				map->has_guest[g] = map->has_host[h] = true;
				map->low = fmin(map->low, value);
				map->high = fmax(map->high, value);
			}
}

static double shade_of(const struct map *map, double value)
{
	double part = map->high > map->low ? log(value / map->low) /
						     log(map->high / map->low)
					   : 0;

	return LEAST_SHADE + (MOST_SHADE - LEAST_SHADE) * part;
}

static void write_field(const struct map *map, const struct field *f,
			size_t runner, double x, double y, struct strbuf *out)
{
	const struct model_cell *c = f->row ? &f->row->cells[runner] : NULL;
	char name[80];

	if (!c || !(c->median > 0)) {
		strbuf_printf(out,
			      "<text class=\"axis\" x=\"%.0f\" y=\"%.0f\""
			      " text-anchor=\"middle\">-</text>\n",
			      x + FIELD_WIDTH / 2.0, y + 21);
		return;
	}
	strbuf_puts(out, "<g>");
	picture_title(&map->p, model_row_name(f->row, name, sizeof(name)),
		      f->row, runner, out);
	strbuf_printf(out,
		      "<rect class=\"heat\" x=\"%.0f\" y=\"%.0f\" width=\"%d\""
		      " height=\"%d\" fill-opacity=\"%.2f\"/>"
		      "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">",
		      x, y, FIELD_WIDTH - 2, FIELD_HEIGHT - 2,
		      shade_of(map, c->median), x + FIELD_WIDTH / 2.0, y + 21);
	html_value(out, f->row, runner);
	if (runner && !isnan(c->ratio.ratio))
		strbuf_printf(out, " (%.2f&times;)", c->ratio.ratio);
	strbuf_puts(out, "</text></g>\n");
}

static void write_map(const struct map *map, size_t runner, struct strbuf *out)
{
	double x = LEFT, y = HEAD;
	size_t g, h;

	for (g = 0; g < ARRAY_SIZE(pages); g++) {
		if (!map->has_guest[g])
			continue;
		strbuf_printf(out,
			      "<text x=\"%.0f\" y=\"%.0f\""
			      " text-anchor=\"end\">guest %s</text>\n",
			      LEFT - 8, y + 21, pages[g]);
		for (h = 0, x = LEFT; h < ARRAY_SIZE(pages); h++) {
			if (!map->has_host[h])
				continue;
			write_field(map, &map->fields[g][h], runner, x, y, out);
			x += FIELD_WIDTH;
		}
		y += FIELD_HEIGHT;
	}
	for (h = 0, x = LEFT; h < ARRAY_SIZE(pages); h++) {
		if (!map->has_host[h])
			continue;
		strbuf_printf(out,
			      "<text x=\"%.0f\" y=\"%.0f\""
			      " text-anchor=\"middle\">host %s</text>\n",
			      x + FIELD_WIDTH / 2.0, y + 14, pages[h]);
		x += FIELD_WIDTH;
	}
}

static int height_of(const struct map *map)
{
	int rows = 0;
	size_t g;

	for (g = 0; g < ARRAY_SIZE(pages); g++)
		rows += map->has_guest[g];
	return HEAD + FIELD_HEIGHT * rows + BOTTOM - 14;
}

static bool is_measured(const struct map *map, size_t runner)
{
	size_t g, h;

	for (g = 0; g < ARRAY_SIZE(pages); g++)
		for (h = 0; h < ARRAY_SIZE(pages); h++)
			if (map->fields[g][h].row &&
			    map->fields[g][h].row->cells[runner].median > 0)
				return true;
	return false;
}

/* The frame's legend is of one runner. */
static void write_runner(const struct map *map, size_t runner,
			 struct strbuf *out)
{
	const struct model *m = map->p.m;
	struct map one = *map;
	char label[96];
	size_t g, h;

	snprintf(label, sizeof(label), "page walks under %.40s",
		 m->runners[runner]);
	one.p.label = label;
	one.p.first = runner;
	one.p.end = runner + 1;
	for (g = 0; g < ARRAY_SIZE(pages); g++)
		for (h = 0; h < ARRAY_SIZE(pages); h++)
			if (map->fields[g][h].row)
				picture_add_grades(&one.p,
						   map->fields[g][h].row);
	html_figure_begin(out, label);
	picture_begin(&one.p, height_of(map), out);
	write_map(&one, runner, out);
	strbuf_puts(out, "</svg></figure>\n");
}

size_t walk_map_write(const struct model *m, struct strbuf *out)
{
	struct map map = {
		.p = picture_of(m, 0),
		.low = INFINITY,
	};
	size_t i, k, count = 0;

	map.p.says = "a load that misses the TLB; lighter is better";
	for (i = 0; i < m->row_count; i++)
		add_row(&map, &m->rows[i]);
	find_range(&map);
	for (k = 0; k < m->runner_count; k++) {
		if (!is_measured(&map, k))
			continue;
		write_runner(&map, k, out);
		count++;
	}
	return count;
}
