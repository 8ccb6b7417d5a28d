#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh [MODEL...]: checks the models of this folder with Spin, exhaustively, and that each of
# their key steps is needed: with one taken out (-DBREAK_STEP) a run must fail. One line per run,
# as TAP.
#
# Every model has a process `watch` that says what must hold when nothing moves any more; pan's own
# idea of a valid end state is therefore switched off (-E). JOBS runs go on at the same time
# (default: 2).
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C

# model | what is checked | holds or found | definitions
table() {
    cat <<'END'
parking|two workers|holds|
parking|three workers|holds|-DWORKERS=3 -DFOREIGN=1 -DMAILS=0 -DEARLY=0
parking|without the second look|found|-DBREAK_LOOK
parking|without membarrier|found|-DBREAK_BARRIER
parking|push after the look at the word|found|-DBREAK_ORDER
parking|completion lock not held while parked|found|-DBREAK_LOCK
parking|last searcher wakes nobody|found|-DBREAK_NEXT
parking|token not waited for|found|-DBREAK_TOKEN
parking|second look leaves single entries|found|-DBREAK_SINGLE
wait|two cancellers|holds|-DCANCELLERS=2
wait|list, two cancellers|holds|-DCANCELLERS=2 -DLIST
wait|without hold|found|-DBREAK_HOLD
wait|without handing the submit to the holder|found|-DBREAK_HANDBACK
wait|without look again|found|-DBREAK_AGAIN
wait|interrupt without a pending token|found|-DBREAK_LEVEL
wait|tokens looked at before WAITING is published|found|-DBREAK_DEKKER
wait|woken without being unlinked|found|-DBREAK_UNLINK -DLIST
wait|tokens that were refused are not put back|found|-DBREAK_RETURN
wait|scope ends without the timers' lock|found|-DBREAK_SCOPE
operation|two cancellers|holds|-DCANCELLERS=2
operation|without mail|found|-DBREAK_MAIL
operation|without flush before asking again|found|-DBREAK_FLUSH
operation|without hold|found|-DBREAK_HOLD
operation|without handing the submit to the holder|found|-DBREAK_HANDBACK
operation|commit does not look at the tokens|found|-DBREAK_DEKKER
operation|without look again|found|-DBREAK_AGAIN
operation|in the mail twice|found|-DBREAK_TWICE -DCANCELLERS=2
chain|own stack|holds|
chain|inlined|holds|-DINLINED
chain|uncancel from outside|holds|-DUNCANCEL -DINNER=0
chain|tokens moved to a task that is done|found|-DBREAK_DONE
chain|commit does not look at the tokens|found|-DBREAK_TOKENS
chain|walk stops at the outer task|found|-DBREAK_WALK
chain|without handing the submit to the holder|found|-DBREAK_HANDBACK
chain|tokens counted, then subtracted|found|-DBREAK_TAKE -DUNCANCEL -DINNER=0
chain|published without passing tokens on|found|-DBREAK_PUBLISH -DINLINED
chain|published parent goes on although held|found|-DBREAK_HELD -DINLINED
wait_queue|two cancellers|holds|
wait_queue|two that release|holds|-DFOREIGN=2 -DCANCELLERS=1
wait_queue|cancelled task keeps what it got|found|-DBREAK_REFUSE
wait_queue|commit does not look at the object|found|-DBREAK_TAKE
wait_queue|commit does not look at the tokens|found|-DBREAK_TOKENS
wait_queue|commit does not strike|found|-DBREAK_STRIKE
wait_queue|word does not say that somebody waits|found|-DBREAK_WAITED
wait_queue|canceller wakes who was granted|found|-DBREAK_LINKED
wait_queue|without hold|found|-DBREAK_HOLD
wait_queue|next read after the wake|found|-DBREAK_NEXT
select|two channels|holds|
select|two cancellers|holds|-DCANCELLERS=2
select|commit does not hold|found|-DBREAK_HELD
select|commit lets go without a look at the tokens|found|-DBREAK_TOKENS
select|granted although the choice is made|found|-DBREAK_CHOICE
select|commit does not look at the channels|found|-DBREAK_LOOK
select|turns back without a choice|found|-DBREAK_TURN
select|goes on without leaving the queues|found|-DBREAK_LEAVE
select|canceller wakes although the choice is made|found|-DBREAK_OURS
strand|two producers, two workers|holds|
strand|released without another look|found|-DBREAK_LOOK
strand|push onto BUSY submits too|found|-DBREAK_BUSY
strand|let go before the commit|found|-DBREAK_EARLY
strand|what was taken is left behind|found|-DBREAK_BATCH
strand|reference taken after the submit|found|-DBREAK_REFERENCE
END
}

# one NUMBER LINE: runs a line of the table in a folder of its own, prints its TAP line.
one() {
    local number=$1 model what want defs folder states verdict
    IFS='|' read -r model what want defs <<<"$2"
    folder=$scratch/$number
    mkdir "$folder"
    cp "$model.pml" "$folder"
    cd "$folder"
    # shellcheck disable=SC2086
    if ! spin -a $defs "$model.pml" >log 2>&1 ||
        ! gcc -O2 -w -DSAFETY -DNOFAIR -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c >>log 2>&1; then
        printf 'not ok %s - %s: %s: does not compile\n' "$number" "$model" "$what"
        return
    fi
    (ulimit -t "${LIMIT:-120}" && ./pan -E -m100000) >out 2>&1 || true # seconds of processor time
    states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
    if grep -q 'assertion violated' out; then
        verdict=found
    elif grep -q 'errors: 0' out &&
        ! grep -qi 'not completed\|max search depth\|out of memory' out; then
        verdict=holds
    else
        verdict='not finished'
    fi
    if [ "$verdict" = "$want" ]; then
        printf 'ok '
    else
        printf 'not ok '
    fi
    if [ "$verdict" = holds ]; then
        verdict="holds ($states states)"
    fi
    printf '%s - %s: %s: %s\n' "$number" "$model" "$what" "$verdict"
}

# Called by ourselves, through xargs.
if [ "${1:-}" = --one ]; then
    one "$2" "$3"
    exit
fi

wanted=" $* "
lines=()
while IFS= read -r line; do
    if [ $# -eq 0 ] || [[ $wanted == *" ${line%%|*} "* ]]; then
        lines+=("$line")
    fi
done < <(table)
if [ "${#lines[@]}" -eq 0 ]; then
    echo "no such model: $*" >&2
    exit 2
fi

scratch=$(mktemp -d)
export scratch
trap 'rm -rf "$scratch"' EXIT
echo "1..${#lines[@]}"
for i in "${!lines[@]}"; do
    printf '%s\0%s\0' "$((i + 1))" "${lines[i]}"
done | xargs -0 -n 2 -P "${JOBS:-2}" "./$(basename "$0")" --one | tee "$scratch/results"
[ "$(grep -c '^ok ' "$scratch/results")" -eq "${#lines[@]}" ]
