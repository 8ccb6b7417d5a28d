#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run-load.sh BUILD [--serve]: httpd of this build folder on all cores, under the load of wrk: 10 s
# of /plain, 10 s of a file of 16 KiB. One line a second, then a summary. The exit status is 0 only
# if no request and no connection failed: wrk's own status does not say that, what it prints does.
# --serve: no load; says where to look, and ends with Ctrl-C.
set -euo pipefail
export LC_ALL=C

SECONDS_EACH=10
CONNECTIONS=64
FILE=file.bin

die() {
    printf 'run-load: %s\n' "$*" >&2
    exit 1
}

build=${1-}
httpd=$build/examples/httpd
[ -x "$httpd" ] || die "no $httpd; usage: run-load.sh BUILD [--serve]"

work=$(mktemp -d)
server='' wrk='' failed=0

# Only what was started here is ended, whatever the reason.
clean_up() {
    trap '' INT TERM
    local pid
    for pid in $wrk $server; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    failed=1
    printf 'FAILED: %s\n' "$*"
}

# Starts httpd and reads from what it says where it listens: sets server and port.
start_server() {
    mkdir "$work/root"
    head -c 16384 /dev/urandom >"$work/root/$FILE"
    printf '<h1>weft</h1><p><a href="plain">plain</a> <a href="stats">stats</a>\n' \
        >"$work/root/index.html"
    "$httpd" --port 0 --root "$work/root" >"$work/said" </dev/null &
    server=$!
    local line=''
    for _ in $(seq 100); do
        read -r line <"$work/said" && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    port=${line##*:}
    [[ $line == "listening on 127.0.0.1:"* ]] || die "httpd did not start"
}

# The counters of this moment, into a file; the time is one of them.
read_stats() {
    {
        exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
        printf 'GET /stats HTTP/1.0\r\n\r\n' >&3
        printf 'time %s\n' "$EPOCHREALTIME"
        sed '1,/^\r$/d' <&3
        exec 3>&-
    } >"$1" 2>/dev/null
}

# What happened between two readings, as one line. A reading is a connection and a request itself.
show_line() {
    awk -v name="$1" -v begin="$4" '
        /^#/ { next }
        FNR == NR { old[$1] = $2; next }
        { new[$1] = $2 }
        function grown(what) { return new[what] - old[what] }
        END {
            time = grown("time")
            workers = new["weft_workers"]
            low = 999
            for (i = 0; i < workers; i++) {
                load = 100 * grown("weft_worker_cpu_seconds_total{worker=\"" i "\"}") / time
                each = each sprintf(" %.0f%%", load)
                if (load < low) low = load
                if (load > high) high = load
            }
            if (workers > 8)
                each = sprintf(" %.0f-%.0f%% on %d", low, high, workers)
            printf "%-5s %4.1fs %8.0f req/s  %d errors  %3d connections  cpu%s  %d steals/s\n",
                name, new["time"] - begin, (grown("httpd_requests_total") - 1) / time,
                grown("httpd_errors_total"), new["httpd_connections"] - 1, each,
                grown("weft_steals_total") / time
        }' "$2" "$3"
}

# Loads one path with wrk, and shows a line a second meanwhile. What wrk says is for the summary.
load() {
    local name=$1 path=$2 begin=$EPOCHREALTIME
    read_stats "$work/old" || die "httpd does not answer"
    cp "$work/old" "$work/$name.begin"
    wrk -t2 -c"$CONNECTIONS" -d"${SECONDS_EACH}s" --latency "http://127.0.0.1:$port$path" \
        >"$work/$name.wrk" 2>&1 </dev/null &
    wrk=$!
    while sleep 1 && kill -0 "$wrk" 2>/dev/null; do
        read_stats "$work/new" || { fail "$name: httpd does not answer"; break; }
        show_line "$name" "$work/old" "$work/new" "$begin"
        mv "$work/new" "$work/old"
    done
    wait "$wrk" || fail "$name: wrk ended with status $?"
    wrk=''
    read_stats "$work/$name.end" || fail "$name: httpd does not answer"
}

# One row of the table, and a complaint for each line of wrk's that tells of an error.
summarize() {
    local name=$1 said=$work/$1.wrk bad
    awk -v name="$name" '
        $1 == "Latency" && $2 != "Distribution" { max = $4 }
        $1 == "50%" || $1 == "90%" || $1 == "99%" { p[$1] = $2 }
        $1 == "Requests/sec:" { rate = $2 }
        END { printf "%-6s %12s %10s %10s %10s %10s\n",
                  name, rate, p["50%"], p["90%"], p["99%"], max }' "$said"
    bad=$(grep -E 'Socket errors|Non-2xx|unable|error' "$said" || true)
    [ -z "$bad" ] || fail "$name: $bad"
    grep -Eq '[1-9][0-9]* requests in' "$said" || fail "$name: no request was answered"
}

# How busy each worker was while both loads ran: a full bar is one whole core.
show_workers() {
    awk '
        /^#/ { next }
        FNR == 1 { sign = FILENAME ~ /begin$/ ? -1 : 1 }
        { sum[$1] += sign * $2; last[$1] = $2 }
        END {
            for (i = 0; i < last["weft_workers"]; i++) {
                key = "{worker=\"" i "\"}"
                part = sum["weft_worker_cpu_seconds_total" key] / sum["time"]
                bar = ""
                for (j = 0; j < 40; j++)
                    bar = bar (j + 0.5 < 40 * part ? "#" : ".")
                printf "worker %-3d %s %3.0f%% cpu  %d switches  %d steals\n", i, bar, 100 * part,
                    sum["weft_worker_switches_total" key], sum["weft_worker_steals_total" key]
            }
        }' "$work"/plain.begin "$work"/plain.end "$work"/file.begin "$work"/file.end
}

start_server
if [ "${2-}" = --serve ]; then
    printf 'serving http://127.0.0.1:%s/ (/plain, /stats, /%s); Ctrl-C ends it\n' "$port" "$FILE"
    wait "$server"
    exit
fi
command -v wrk >/dev/null || die "wrk is missing"
load plain /plain
load file "/$FILE"

printf '\n%-6s %12s %10s %10s %10s %10s\n' '' req/s p50 p90 p99 max
summarize plain
summarize file
printf '\n'
show_workers
kill "$server"
wait "$server" || fail "httpd ended with status $?"
server=''
[ "$failed" -eq 0 ] && printf '\nno errors\n'
exit "$failed"
