# bench - the few functions that the groups of speed bars are written with.
# Sourced by tests/perf/groups/*, which ci/bench starts in bash at the tree's
# root. With $SMALL a group is tried, not measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

disturbed="others took the CPU in every sample; measure on a quieter host"

sized() { # FULL SMALL
	[ -z "${SMALL-}" ] && echo "$1" || echo "$2"
}

median() { # of column $2 in rows that begin with $1
	awk -v k="$1" -v c="$2" '$1 == k && NF >= c {print $c}' "$tmp/boots" | sort -n |
		awk '{v[NR] = $1} END {if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}'
}

bar() { # NAME VALUE LIMIT; without a value it is missing
	case $2 in
	'') echo "bar $1 missing"; return ;;
	disturbed) bars_skipped "$disturbed" "$1"; return ;;
	esac
	awk -v n="$1" -v v="$2" -v l="$3" 'BEGIN {printf "bar %s %.3f <= %s %s\n", n, v, l, v + 0 <= l + 0 ? "ok" : "short"}'
}

bars_skipped() { # REASON NAME...
	local reason=$1
	shift
	printf "bar %s skipped: $reason\n" "$@"
}

ratio() { # A B, nothing if one is missing
	case $1$2 in *disturbed*) echo disturbed; return ;; esac
	[ -z "$1" ] || [ -z "$2" ] || awk "BEGIN {print $1 / $2}"
}

# A run whose boots failed in part still has bars; it says why the others lack.
measure() { # l1vh-bench run
	build/l1vh-bench run "$@" >"$tmp/run" 2>&1 ||
		grep -E '^(boot [0-9]+, |l1vh-bench: |ci/lab/run: )|: (timeout|runner_failed|workload_failed): ' "$tmp/run" | sed 's/^/# /' || true
}

# DB RUNNER WORKLOAD POINT/METRIC: the median of boots, or nothing, or `disturbed`.
estimate() {
	build/l1vh-bench report --db "$1" --format json | awk -F'": "?|"?,$' -v r="$2" -v w="$3" -v p="$4" '
		/"estimates"/ {inside = 1}
		inside && /"runner"/ {runner = $2}
		inside && /"workload"/ {workload = $2}
		inside && /"point"/ {point = $2}
		inside && /"disturbed_count"/ {disturbed = $2}
		inside && /"median"/ && runner == r && workload == w && point == p {
			if ($2 != "null") print $2
			else if (disturbed > 0) print "disturbed"
		}'
}

# A VMM of others: in the folder PEERS, or installed. Its path; fails without it.
peer_path() { # NAME
	if [ -n "${PEERS-}" ] && [ -x "$PEERS/$1" ]; then realpath "$PEERS/$1"; else command -v "$1"; fi
}

spend() { # PREFIX COMMAND...: rows of seconds and MiB in $tmp/boots, its stdout in $tmp/out
	local prefix=$1
	shift
	for _ in $(seq "${SPENT_ROUNDS:-$(sized 3 1)}"); do
		build/tests/perf/spent "$@" 2>&1 >"$tmp/out" |
			sed -n "s/^spent/$prefix/p" || true
	done >"$tmp/boots"
}
