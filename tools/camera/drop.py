"""Lets the camera `vivid` drop a share of its pictures: at 100 % it is open and silent, as a webcam with a bad cable is.

    python3 tools/camera/drop.py /dev/video0 PERCENT
"""

import fcntl
import struct
import sys

QUERY, SET, NEXT = 0xC0445624, 0xC008561C, 0x80000000  # VIDIOC_QUERYCTRL, VIDIOC_S_CTRL, V4L2_CTRL_FLAG_NEXT_CTRL
CONTROL = struct.Struct("II32s4iI8x")

device, percent = sys.argv[1], int(sys.argv[2])
with open(device, "r+b", buffering=0) as camera:
    number = NEXT
    while True:
        # Past the last control the device answers with an error, which ends this with its message.
        answer = CONTROL.unpack(fcntl.ioctl(camera, QUERY, CONTROL.pack(number, 0, b"", 0, 0, 0, 0, 0)))
        if answer[2].rstrip(b"\0") == b"Percentage of Dropped Buffers":
            fcntl.ioctl(camera, SET, struct.pack("Ii", answer[0], percent))
            break
        number = answer[0] | NEXT
