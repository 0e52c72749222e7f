# What the program says of itself.

session-start = Streetscape is on.
session-end = Streetscape is off.
session-cannot-start = Streetscape cannot start. Ask for help.
