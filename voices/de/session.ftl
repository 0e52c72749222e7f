# What the program says of itself.

session-start = Streetscape ist an.
# Heard whole within the second that Ctrl-C has.
session-end = Tschüss.
session-cannot-start = Streetscape startet nicht. Bitte um Hilfe.
