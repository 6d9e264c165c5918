/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_VIRTUALCLIENT_H
#define REPORTS_DATA_VIRTUALCLIENT_H

/*
 * virtualclient - the figures as metric data points of Microsoft's
 * VirtualClient, as its 'upload-telemetry --schema=Metrics --format=Json' reads
 * them (github.com/microsoft/VirtualClient, website/docs/guides/0040-telemetry.md
 * and VirtualClient.Contracts/Extensibility/MetricDataPoint.cs): a JSON object
 * per line, lines "-----" between them.
 *
 * One per runner and series: the median of boots. What it has no field for is in
 * "metadata": the grade, verdicts, and why there is no value. Its reader ends at
 * the first data point without a value, so these stand behind all others.
 */
#include <stdio.h>

struct findings;

void virtualclient_write(const struct findings *f, FILE *out);

#endif
