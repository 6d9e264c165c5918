# What follows is the same in all such scripts (harness/fleet/engine/sbatch.sh).
usage="usage: bash FILE [submit|status|wait|again]"

die() { # MESSAGE...
	echo "fleet $fleet: $*" >&2
	exit 64
}

# --- on a node --------------------------------------------------------------

# What an array job starts: one run on the node that it was submitted for. A signal
# that ends the job goes to all its processes. Its shells wait for the program,
# which stores and delivers what had ended.
measure() {
	export L1VH_FLEET=$fleet L1VH_ENGINE=slurm L1VH_NODE=$SLURMD_NODENAME
	export L1VH_INDEX=$SLURM_ARRAY_TASK_ID L1VH_ATTEMPT=$SLURM_JOB_ID
	[ -z "$arm" ] || export L1VH_ARM=$arm
	local run=$results/$L1VH_NODE/$L1VH_INDEX

	# Of all that was submitted at once, `again` included: each again has a job of
	# Slurm's of its own, and an index counts once in all of them.
	L1VH_JOB=$fleet-$(stat --format=%Y "$results/nodes") ||
		die "there is no '$results/nodes' on this node"
	export L1VH_JOB
	[ -d "$results/$L1VH_NODE" ] || die "there is no '$results/$L1VH_NODE' on this node"
	# Only one can create the file: two jobs never measure the same index.
	(set -o noclobber && echo "${SLURM_ARRAY_JOB_ID}_$L1VH_INDEX" >"$run.job") ||
		die "index $L1VH_INDEX of $L1VH_NODE has a job: $(cat "$run.job")"
	trap : TERM
	srun --ntasks=1 --cpu-bind=none bash "$0" step
}

# The status is the program's, and none of srun, which has 1 for its own failures.
step() {
	local status=0
	trap : TERM
	"${program[@]}" --results "$results/$L1VH_NODE" "${options[@]}" || status=$?
	echo $status >"$results/$L1VH_NODE/$L1VH_INDEX.status"
	exit $status
}

# --- where it was submitted -------------------------------------------------

# Those of the partition that have all features and are not down or drained, idle
# ones first.
up_nodes() {
	sinfo --noheader --Node ${partition:+"--partition=$partition"} --format='%N %t %b %P' |
		awk -v partition="$partition" -v constraint="$constraint" '
		function has_features(list,   wanted, i, n) {
			n = split(constraint, wanted, "&")
			for (i = 1; i <= n; i++)
				if (index("," list ",", "," wanted[i] ",") == 0) return 0
			return 1
		}
		(partition == "" && $4 !~ /\*$/) || !has_features($3) || seen[$1]++ {next}
		$2 ~ /^(idle|mix|alloc|comp)[~#+]?$/ {print ($2 ~ /^idle/ ? 0 : 1), $1; next}
		{print "not taken: " $1 ", which is " $2 >"/dev/stderr"}' |
		sort -k1,1n -k2,2V | cut -d' ' -f2
}

choose_nodes() {
	local found
	if [ "$node_count" = 0 ]; then
		scontrol show hostnames "$node_list" | awk '!seen[$0]++'
		return
	fi
	found=$(up_nodes | head -n "$node_count")
	[ "$(grep -c . <<<"$found")" = "$node_count" ] ||
		die "only $(grep -c . <<<"$found") of $node_count nodes are there and up"
	echo "$found"
}

submit_to() { # NODE INDEXES: an array job of this node
	local job
	mkdir -p "$results/$1" || return 1
	job=$(sbatch --parsable --nodelist="$1" --array="$2%1" --open-mode=append \
		--output="$results/$1/%a.log" "$0" measure) ||
		{ echo "fleet $fleet: no job for $1" >&2; return 1; }
	echo "$1: job ${job%%;*}, indexes $2"
}

submit() {
	local chosen node failed=0
	[ ! -e "$results/nodes" ] ||
		die "was submitted: '$results/nodes' is there; see status and again"
	chosen=$(choose_nodes) || exit 64
	[ -n "$chosen" ] || die "there are no nodes"
	mkdir -p "$results" && (set -o noclobber && echo "$chosen" >"$results/nodes") || exit 64
	for node in $chosen; do
		submit_to "$node" "0-$((run_count - 1))" || failed=2
	done
	return $failed
}

# NODE|INDEX|STATE|REASON of each job of this fleet that has not ended.
queue() {
	squeue --noheader --array --me --name="$fleet" --format='%n|%K|%T|%r'
}

# What Slurm has: queued[NODE/INDEX]="STATE: REASON", and " NODE NODE " of those that
# are away. Its reason for a job that waits can be a minute old, these are not.
declare -A queued
away=
look() {
	local lines node index state reason
	lines=$(queue) || die "squeue gave no answer"
	away=" $(sinfo --noheader --Node --states=down,drain,fail,no_respond --format=%N | tr '\n' ' ')"
	queued=()
	while IFS='|' read -r node index state reason; do
		[ -z "$node" ] || queued[$node/$index]="$state: $reason"
	done <<<"$lines"
}

# Sets `state`, what to say of a run, and `status`, its program's, "" for none. Slurm
# was asked before: a job that ended since then has left its status.
find_state() { # NODE/INDEX
	local run=$results/$1 job=
	status=
	[ ! -e "$run.status" ] || read -r status <"$run.status"
	[ ! -e "$run.job" ] || read -r job <"$run.job"
	case $status:${queued[$1]-} in
	0:*) state="measured" ;;
	1:*) state="measured, with status 1: $run.log" ;;
	:PENDING:*)
		state="waits: ${queued[$1]#PENDING: }"
		! is_away "$1" || state="waits: the node is down or drained"
		;;
	:?*) state="runs${job:+, job $job}" ;;
	:) state=${job:+"DID NOT END, job $job: $run.log"} ;;
	*) state="DID NOT END WELL, status $status: $run.log" ;;
	esac
	state=${state:-DID NOT RUN}
}

runs_of_all() { # NODE/INDEX, one per line
	local node index
	[ -r "$results/nodes" ] || die "was not submitted: there is no '$results/nodes'"
	while read -r node; do
		for ((index = 0; index < run_count; index++)); do
			echo "$node/$index"
		done
	done <"$results/nodes"
}

show_status() {
	local runs run state status count=0 problems=0
	local -a missing=()
	runs=$(runs_of_all) || exit
	look
	for run in $runs; do
		find_state "$run"
		echo "$run: $state"
		count=$((count + 1))
		case $status in
		0) ;;
		1) problems=1 ;;
		*) missing+=("$run") ;;
		esac
	done
	echo "$((count - ${#missing[@]})) of $count runs are measured"
	[ ${#missing[@]} != 0 ] || return $problems
	echo "not measured: ${missing[*]}"
	return 2
}

is_away() { # NODE/INDEX: its node
	[[ $away == *" ${1%/*} "* ]]
}

# Whether a job runs, or may run without anybody's doing: one whose node is away, or
# that is held, may not.
is_active() {
	local run
	for run in "${!queued[@]}"; do
		case ${queued[$run]} in
		PENDING:*Held* | PENDING:*PartitionDown* | PENDING:*PartitionInactive*) ;;
		PENDING:*) is_away "$run" || return 0 ;;
		*) return 0 ;;
		esac
	done
	return 1
}

await() {
	look
	while is_active; do
		sleep 5
		look
	done
	show_status
}

# What was not measured and has no job: a node that was down, a job that was
# cancelled. Whatever the earlier job left stays.
again() {
	local runs run node state status failed=0
	local -A indexes=()
	runs=$(runs_of_all) || exit
	look
	for run in $runs; do
		find_state "$run"
		[ -z "${queued[$run]-}" ] || continue
		case $status in 0 | 1) continue ;; esac
		[ ! -e "$results/$run.job" ] || mv "$results/$run.job" "$results/$run.job-$(cat "$results/$run.job")"
		rm -f "$results/$run.status"
		indexes[${run%/*}]+=,${run#*/}
	done
	for node in "${!indexes[@]}"; do
		submit_to "$node" "${indexes[$node]#,}" || failed=2
	done
	return $failed
}

[ -f "$0" ] || die "the script must be a file, for sbatch to read"
case ${1-submit} in
submit) submit ;;
status) show_status ;;
wait) await ;;
again) again ;;
measure) measure ;;
step) step ;;
*) echo "$usage" >&2; exit 64 ;;
esac
