# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = No picture from the camera. I cannot see.
fault-camera-back = The camera is back. I can see again.
fault-camera-covered = The camera is covered. I cannot see.
fault-too-dark = It is too dark. I cannot see.
fault-camera-frozen = The picture is frozen. I cannot see.
fault-camera-blurred = The picture is blurred. Wipe the lens.
fault-camera-on-side = The camera is on its side. Turn it upright.
fault-camera-at-sky = The camera points at the sky. Lower it.
fault-camera-at-ground = The camera points at the ground. Raise it.
fault-sight-back = I see well again.
fault-encoder-late = I am slow. What I say may come late.
fault-encoder-lost = I cannot recognise anything. Trying again.
fault-encoder-back = I recognise things again.
fault-voice-lost = The voice failed. This is another voice.
fault-model-damaged = The model is damaged. I cannot recognise things.
fault-voice-back = My voice was gone. It is back.
fault-sounds-lost = My sounds are gone. I speak every half minute.
fault-sounds-back = My sounds are back.
fault-battery-low = The battery is low. I may stop soon.
fault-battery-back = The battery is charging.
fault-processor-hot = The device is hot. I look less often.
fault-processor-cool = The device has cooled. I look as before.
fault-clock-jumped = The clock was changed. I keep watching.
fault-woke = I was asleep. I am watching again.
fault-recording-stopped = The recording has stopped. I keep watching.
fault-log-stopped = The log has stopped. I keep watching.
