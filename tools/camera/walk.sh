# shellcheck shell=bash
# A walk beside a camera that is unplugged, falls silent, and comes back both times, onto a disk that fills up: each is said, and
# the walk goes on until Ctrl-C. Runs inside guest.sh.
set -u

transcript=/tmp/transcript
disk=/tmp/disk
recording=$disk/walk

fail() {
    echo "test-camera: $*"
    exit 1
}

lines() { wc -l <"$transcript"; }

# Waits until a line that holds $2 stands below the transcript's first $1 lines; long, because emulation is slow.
hear() {
    local second
    for ((second = 0; second < 120; second++)); do
        tail -n "+$(($1 + 1))" "$transcript" | grep -Fq "$2" && return 0
        kill -0 "$walk" 2>/dev/null || fail "the walk ended before it said: $2"
        sleep 1
    done
    fail "it was never said: $2"
}

# Does $1 to the camera, which must be said as $2.
said_after() {
    local before
    before=$(lines)
    "$1"
    hear "$before" "$2"
}

milliseconds() { date +%s%3N; }

# Room for a frame or two.
mkdir "$disk"
mount -t tmpfs -o size=96k disk "$disk"

# shellcheck disable=SC2154 # guest.sh names the program
"$program" walk --camera 0 --voice none --record "$recording" > >(tee "$transcript") &
walk=$!
trap 'kill "$walk" 2>/dev/null' EXIT
hear 0 'Streetscape is on.'
hear 0 'The recording has stopped. I keep watching.'
said_after camera_gone 'No picture from the camera.'
said_after camera_back 'The camera is back.'
said_after camera_silent 'No picture from the camera.'
said_after camera_heard 'The camera is back.'

# The process that was begun stands guard over the one that walks, which is the larger.
peak=$(for pid in $(pgrep -P "$walk"); do cat "/proc/$pid/status"; done |
    awk '/^VmHWM:/ && $2 > most { most = $2 } END { print int(most / 1024) }')

before=$(lines)
asked=$(milliseconds)
kill -INT "$walk"
wait "$walk" || fail "the walk ended with status $? after Ctrl-C"
took=$(($(milliseconds) - asked))
sleep 1 # tee is still writing
tail -n "+$((before + 1))" "$transcript" | grep -Fq 'Goodbye.' || fail "the end was not said"
# A second on a real machine; here the program's leaving is emulated.
[ "$took" -le 4000 ] || fail "Ctrl-C took $took ms"

frames=("$recording"/frames/*)
[ -e "${frames[0]}" ] || fail "the walk recorded no frame"
"$program" describe "${frames[0]}" || fail "a recorded frame can't be described"
"$program" replay "$recording" || fail "what was recorded can't be replayed"
echo "test-camera: loss, silence and return of the camera and the full disk were said; ${#frames[@]} frames were recorded;" \
    "Ctrl-C took $took ms; the walk took $peak MB at most"
