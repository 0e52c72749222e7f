# What the program says of itself.

session-start = Streetscape is on.
# Heard whole within the second that Ctrl-C has.
session-end = Goodbye.
session-cannot-start = Streetscape cannot start. Ask for help.
