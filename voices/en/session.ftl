# What the program says of itself.

session-start = Streetscape is on.
session-again = I had stopped. I was started again.
session-again-hung = I had stopped: I was stuck. I run again.
session-again-crashed = I had stopped: I crashed. I run again.
session-again-memory = I had stopped: memory was full. I run again.
# Heard whole within the second that Ctrl-C has.
session-end = Goodbye.
session-already = Streetscape is on already.
session-cannot-start = Streetscape cannot start. Ask for help.

# Of a caregiver's phrases: the file was changed; some of it is of no use on a street; it can't be read.
phrases-taken = Your new phrases are in use.
phrases-taken-in-part = Your new phrases are in use, but not all.
phrases-broken = Your phrases have a mistake. The old ones stay.
