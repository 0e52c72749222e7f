#!/bin/sh
# Runs a command where all sound goes to a sink that nobody hears, and can be recorded.
#
#   null-sink.sh DIR COMMAND [ARGUMENT...]
#
# In DIR, an existing folder with a short path: a PulseAudio server whose only sink is `null` (its monitor is `null.monitor`), a
# Speech Dispatcher that speaks into it through espeak-ng, and an ALSA configuration whose default device plays into it. Both
# servers end with the command; nothing outside DIR is written. DIR/pulseaudio.pid and DIR/speechd.pid let a test end a server.
# Exit status: that of the command; 125 where a server does not start.
# Debian: pulseaudio pulseaudio-utils libasound2-plugins speech-dispatcher speech-dispatcher-espeak-ng
set -eu

dir=$(cd "$1" && pwd)
shift
mkdir -p "$dir/run" "$dir/home" "$dir/conf" "$dir/log"
chmod 700 "$dir/run"

export PULSE_SERVER="unix:$dir/run/pulse.sock"
export PULSE_COOKIE="$dir/home/cookie"
export XDG_RUNTIME_DIR="$dir/run"
export SPEECHD_ADDRESS="unix_socket:$dir/run/speechd.sock"
export ALSA_CONFIG_PATH="$dir/conf/asound.conf"

cat >"$ALSA_CONFIG_PATH" <<END
pcm.!default { type pulse }
ctl.!default { type pulse }
END

cat >"$dir/conf/speechd.conf" <<END
LogLevel 3
LogDir "$dir/log"
CommunicationMethod "unix_socket"
AudioOutputMethod "pulse"
AudioPulseMinLength 10
DefaultVolume 100
DefaultLanguage "en"
AddModule "espeak-ng" "sd_espeak-ng" "espeak-ng.conf"
DefaultModule espeak-ng
END

pulse=
speech=
cleanup() {
    for pid in $speech $pulse; do
        kill "$pid" 2>/dev/null || true
    done
    # Speech Dispatcher sometimes waits for ever for a sound server that went before it.
    (sleep 5; kill -9 $speech $pulse) >/dev/null 2>&1 &
    last=$!
    for pid in $speech $pulse; do
        wait "$pid" 2>/dev/null || true
    done
    kill "$last" 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Waits until the socket $1 is there, while the server $2 lives.
await() {
    tries=0
    until [ -S "$1" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ] || ! kill -0 "$2" 2>/dev/null; then
            echo "null-sink.sh: $1 did not appear; see $dir/log" >&2
            exit 125
        fi
        sleep 0.1
    done
}

HOME="$dir/home" pulseaudio -n --daemonize=no --exit-idle-time=-1 --disallow-exit --use-pid-file=no \
    -L "module-native-protocol-unix socket=$dir/run/pulse.sock auth-anonymous=1" \
    -L "module-null-sink sink_name=null rate=48000 channels=1" >"$dir/log/pulseaudio.log" 2>&1 &
pulse=$!
echo "$pulse" >"$dir/pulseaudio.pid"
await "$dir/run/pulse.sock" "$pulse"

HOME="$dir/home" speech-dispatcher -s -t 0 -C "$dir/conf" -S "$dir/run/speechd.sock" -L "$dir/log" \
    -P "$dir/run/speechd.pid" >"$dir/log/speechd.log" 2>&1 &
speech=$!
echo "$speech" >"$dir/speechd.pid"
await "$dir/run/speechd.sock" "$speech"

status=0
"$@" || status=$?
exit "$status"
