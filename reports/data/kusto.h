/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_KUSTO_H
#define REPORTS_DATA_KUSTO_H

/*
 * kusto - one row per boot and series, for a table of Azure Data Explorer: CSV
 * (RFC 4180) with columns of one type each. docs/schema/kusto.kql creates the
 * table and its mapping.
 */
#include <stdio.h>

struct findings;

void kusto_write(const struct findings *f, FILE *out);

#endif
