# tap - the few functions that system tests are written with. Sourced; for
# any POSIX shell, busybox's included.
tap_count=0
tap_failed=0
tap_log=${TMPDIR:-/tmp}/tap-log-$$

# check NAME COMMAND...: one test, its output shown only if it fails.
check() {
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@" >"$tap_log" 2>&1; then
		echo "ok $tap_count - $tap_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $tap_name"
		sed 's/^/# /' "$tap_log"
	fi
	rm -f "$tap_log"
}

skip() {
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
	*) echo "no '$words' in:"; echo "$out"; return 1 ;;
	esac
	[ "$got" = "$want" ] && return 0
	echo "status $got, wanted $want:"
	echo "$out"
	return 1
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
