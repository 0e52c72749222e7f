# What the program says of itself.

session-start = Streetscape est allumé.
# Heard whole within the second that Ctrl-C has.
session-end = Au revoir.
session-cannot-start = Streetscape ne démarre pas. Demandez de l'aide.
