# shellcheck shell=bash
# A walk beside a camera that is unplugged and comes back: both are said, and the walk goes on. Runs inside guest.sh.
set -u

transcript=/tmp/transcript
recording=/tmp/recording

fail() {
    echo "test-camera: $*"
    exit 1
}

lines() { wc -l <"$transcript"; }

# Waits until a line that matches $2 stands below the transcript's first $1 lines; long, because emulation is slow.
hear() {
    local second
    for ((second = 0; second < 90; second++)); do
        tail -n "+$(($1 + 1))" "$transcript" | grep -Eq "$2" && return 0
        kill -0 "$walk" 2>/dev/null || fail "the walk ended before it said anything like: $2"
        sleep 1
    done
    fail "nothing was said like: $2"
}

# shellcheck disable=SC2154 # guest.sh names the program
"$program" walk --camera 0 --voice none --record "$recording" >"$transcript" &
walk=$!
trap 'kill "$walk" 2>/dev/null; cat "$transcript"' EXIT
hear 0 '^[0-9:.]+  \['
sleep 10

before=$(lines)
camera_gone
hear "$before" '\[fault\].*[Cc]amera'

before=$(lines)
camera_back
hear "$before" '\[fault\].*[Cc]amera'
sleep 5

kill -INT "$walk"
wait "$walk" || fail "the walk ended with status $? after Ctrl-C"

frames=("$recording"/frames/*)
[ -e "${frames[0]}" ] || fail "the walk recorded no frame"
"$program" describe "${frames[0]}" || fail "a recorded frame can't be described"
echo "test-camera: the camera's loss and its return were said; ${#frames[@]} frames were recorded"
