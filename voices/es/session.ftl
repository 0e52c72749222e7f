# What the program says of itself.

session-start = Streetscape está encendido.
session-again = Me detuve y me reiniciaron.
session-again-hung = Me detuve: quedé bloqueado. Ya funciono.
session-again-crashed = Me detuve: sufrí un fallo. Ya funciono.
session-again-memory = Me detuve: faltó memoria. Ya funciono.
# Heard whole within the second that Ctrl-C has.
session-end = Adiós.
session-already = Streetscape ya está encendido.
session-cannot-start = Streetscape no arranca. Pida ayuda.

# Of a caregiver's phrases: the file was changed; some of it is of no use on a street; it can't be read.
phrases-taken = Las frases nuevas ya valen.
phrases-taken-in-part = Las frases nuevas ya valen, pero no todas.
phrases-broken = Hay un error en las frases. Quedan las de antes.
