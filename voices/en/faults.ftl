# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = No picture from the camera. I cannot see.
fault-camera-back = The camera is back. I can see again.
fault-camera-covered = The camera is covered. I cannot see.
fault-too-dark = It is too dark. I cannot see.
fault-encoder-late = I am slow. What I say may come late.
fault-encoder-lost = I cannot recognise anything. Trying again.
fault-encoder-back = I recognise things again.
fault-voice-lost = The voice failed. This is another voice.
fault-recording-stopped = The recording has stopped. I keep watching.
fault-log-stopped = The log has stopped. I keep watching.
