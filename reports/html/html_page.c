// SPDX-License-Identifier: GPL-3.0-or-later
/* What every page begins and ends with, its looks among it. */
#include "harness/base/strbuf.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>";
static const char style[] =
	"</title>\n<style>\n"
	":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d0d7de;"
	"--soft:#f3f5f7;--warn:#9a3412;--warnbg:#fff1e6;--good:#1a7f37;--bad:#cf222e}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--paper:#15181c;"
	"--line:#3a4149;--soft:#1e2329;--warn:#ffb383;--warnbg:#3a2415;"
	"--good:#4ac26b;--bad:#ff7b72}}\n"
	"body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);"
	"background:var(--paper);max-width:1200px;margin:1.2em auto;padding:0 1em;"
	"overflow-wrap:break-word}.wide{overflow-x:auto}\n"
	"table{border-collapse:collapse;margin:.6em 0 1.4em;font-size:14px}\n"
	"th,td{border-bottom:1px solid var(--line);padding:.22em .7em;"
	"text-align:left;vertical-align:top}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	"td.w{overflow-wrap:anywhere;font-family:ui-monospace,monospace;"
	"font-size:12px}@media screen{td.w{min-width:14em}}\n"
	"tbody th{font-weight:400;overflow-wrap:anywhere;min-width:8em}\n"
	"tr:hover td{background:var(--soft)}h1{font-size:24px;margin:.4em 0}h2{margin-top:1.6em}\n"
	"#verdicts{margin:.6em 0 .4em;font-size:19px}#verdicts~p{margin:.5em 0}\n"
	"#ratios{margin:.7em 0 .2em;font-size:19px}\n"
	".panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(250px,100%),1fr));"
	"gap:.3em 1.2em;margin:.4em 0}.panels svg{display:block;width:100%}\n"
	".panels text{font-size:11px;fill:currentColor}.panels .title{font-weight:600;font-size:12px}"
	".panels .axis{font-size:10px;fill-opacity:.75}"
	".bar{fill:none;stroke-width:9}.bar.figure{stroke:#888;stroke-opacity:.45}"
	".one{stroke:currentColor;stroke-width:1.5}.whisker{stroke:currentColor;fill:none;stroke-width:1.5}\n"
	"details.fold{border-top:1px solid var(--line);margin:.2em 0}"
	"details.fold>summary{cursor:pointer}"
	"details.fold>summary h2{display:inline-block;margin:.5em 0;font-size:18px}"
	"details.fold>summary .note{margin-left:.8em}\n"
	".grade{font-size:12px;border:1px solid var(--line);border-radius:3px;"
	"padding:0 .35em;white-space:nowrap}\n"
	".emulated,.software{color:var(--warn);border-color:var(--warn)}\n"
	".verdict{font-weight:600;border-radius:3px;padding:.05em .4em;white-space:nowrap;"
	"border:1px solid currentColor}.pass{color:var(--good)}.fail{color:var(--bad)}"
	".open{opacity:.8}"
	"nav ul{display:flex;flex-wrap:wrap;gap:.2em 1.2em;list-style:none;padding:0;font-size:14px}a{color:inherit}\n"
	".headline{font-size:19px;line-height:1.35;border-left:5px solid currentColor;padding:.1em 0 .1em .7em}\n"
	"svg.forest{display:block;max-width:none}.holds{fill:var(--good);fill-opacity:.13}.margin{stroke:var(--good);stroke-width:1.5}"
	".same{stroke:currentColor;stroke-opacity:.45;stroke-dasharray:2 2}\n"
	".banner{background:var(--warnbg);color:var(--warn);"
	"border:2px solid var(--warn);padding:.5em 1em;margin:.5em 0;font-weight:600}\n"
	"table.io,table.broad{font-size:12px}"
	".io td,.io th,.broad td,.broad th{padding:.2em .45em}"
	"table.io td.n{white-space:nowrap}\n"
	"@media screen and (prefers-color-scheme:dark){"
	"svg.plot{filter:invert(.91) hue-rotate(180deg)}}\n"
	".plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(420px,100%),1fr));"
	"gap:.6em}figure{margin:0}svg{max-width:100%;height:auto}\n"
	"label{display:inline-block;margin:.15em .6em .15em 0}"
	"td.pair,td.when,#runs td.n{white-space:nowrap}"
	"#runs td:nth-child(3),#runs td:nth-child(6){overflow-wrap:anywhere;min-width:6em}"
	".pair input{width:1.2em;height:1.2em;margin:.3em}\n"
	".strips text{font-size:11px;fill:currentColor}.strips .title{font-size:12px}"
	".tick{stroke:var(--line)}.dots{fill:none;stroke-width:3.6;stroke-linecap:round;"
	"stroke:#888}.r1{stroke:#0072b2}.r2{stroke:#d55e00}.r3{stroke:#009e73}"
	".r4{stroke:#cc79a7}.r5{stroke:#e69f00}.r6{stroke:#56b4e9}.r7{stroke:#7a5cc0}\n"
	".note{color:inherit;opacity:.75;font-size:13px}\n"
	"@media(max-width:600px){td .note{display:inline-block;min-width:13em}"
	"figure.wide svg{max-width:none;width:680px}}\n"
	"@page broad{size:landscape}"
	"@media print{details::details-content{content-visibility:visible;block-size:auto}"
	"body{max-width:none;margin:0;padding:0}.plots{display:block}"
	"body:has(.broad){page:broad}svg,tr{break-inside:avoid}.wide{overflow:visible}"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:9px}"
	"table,table.io{font-size:9px}table.broad{font-size:8px}"
	"td .grade,.verdict,td .note{font-size:inherit;min-width:0}"
	"table td,table td.n,.broad .grade{white-space:normal}"
	"td,.broad th{overflow-wrap:anywhere}"
	"table.broad td,table.broad th{padding:.2em .25em}}\n"
	"</style></head><body>\n";

void html_begin_below(struct strbuf *out, const char *title, const char *nav)
{
	html_cell(out, head, title, style);
	strbuf_puts(out, nav);
	strbuf_puts(out, "<main>\n");
}

void html_begin(struct strbuf *out, const char *title)
{
	html_begin_below(out, title, "");
}

void html_end(struct strbuf *out)
{
	strbuf_puts(out, "</main></body></html>\n");
}
