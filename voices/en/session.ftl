# What the program says of itself.

session-start = Streetscape is on.
session-end = Streetscape is off.
session-paused = Paused.
session-resumed = Resumed.
session-not-sure = Not sure.
