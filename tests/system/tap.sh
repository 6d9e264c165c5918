# tap - the few functions that system tests are written with. Sourced; for
# any POSIX shell, busybox's included.
#
# TESTS=check (or nothing) runs what `make check` has, TESTS=all the `long`
# tests as well, and TESTS=list names all of them with their tag, by a line
# each, and runs none.
tap_count=0
tap_failed=0
tap_log=${TMPDIR:-/tmp}/tap-log-$$

tap_lists() {
	[ "${TESTS:-}" = list ]
}

# Hundredths of a second since the machine started; busybox has no date +%N.
tap_now() {
	read -r tap_up _ </proc/uptime
	echo "${tap_up%.*}${tap_up#*.}"
}

# check NAME COMMAND...: one test, its output shown only if it fails.
check() {
	! tap_lists || { echo "check $1"; return 0; }
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	tap_began=$(tap_now)
	tap_status=0
	"$@" >"$tap_log" 2>&1 || tap_status=$?
	tap_took=$(($(tap_now) - tap_began))
	tap_line="$tap_count - $tap_name # $((tap_took / 100)).$((tap_took / 10 % 10)) s"
	if [ $tap_status = 0 ]; then
		echo "ok $tap_line"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_line"
		sed 's/^/# /' "$tap_log"
	fi
	# ci/check adds these up.
	grep '^# faults: ' "$tap_log" | while read -r tap_line; do
		echo "$tap_line ($tap_name)"
	done
	rm -f "$tap_log"
}

# long NAME COMMAND...: a test that only `make check-all` has time for.
long() {
	case ${TESTS:-check} in
	list) echo "all $1" ;;
	all) check "$@" ;;
	esac
}

# Whether what long tests alone need is to be done.
is_all() {
	[ "${TESTS:-check}" = all ]
}

skip() { # NAME REASON
	! tap_lists || { echo "check $1"; return 0; }
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# expect STATUS WORDS COMMAND...: exit status and a part of the output.
expect() {
	want=$1
	words=$2
	shift 2
	got=0
	out=$("$@" 2>&1) || got=$?
	case $out in
	*"$words"*) ;;
	*) echo "status $got, and no '$words' in:"; echo "$out"; return 1 ;;
	esac
	[ "$got" = "$want" ] && return 0
	echo "status $got, wanted $want:"
	echo "$out"
	return 1
}

await() { # PID PATTERN FILE: until the file has it, while the process lives
	until grep -q "$2" "$3" 2>/dev/null; do
		kill -0 "$1" 2>/dev/null || { cat "$3"; return 1; }
		sleep 0.1
	done
}

tap_end() {
	! tap_lists || return 0
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}

has_libvirt() {
	command -v virsh >/dev/null && command -v virtlogd >/dev/null
}
