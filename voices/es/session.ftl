# What the program says of itself.

session-start = Streetscape está encendido.
# Heard whole within the second that Ctrl-C has.
session-end = Adiós.
session-cannot-start = Streetscape no arranca. Pida ayuda.
