# What the program says of itself.

session-start = Streetscape est allumé.
session-again = Je m'étais arrêté. On m'a relancé.
session-again-hung = Je m'étais arrêté : blocage. On m'a relancé.
session-again-crashed = Je m'étais arrêté : panne. On m'a relancé.
session-again-memory = Je m'étais arrêté : mémoire pleine. On m'a relancé.
# Heard whole within the second that Ctrl-C has.
session-end = Au revoir.
session-already = Streetscape est déjà allumé.
session-cannot-start = Streetscape ne démarre pas. Demandez de l'aide.

# Of a caregiver's phrases: the file was changed; some of it is of no use on a street; it can't be read.
phrases-taken = Les nouvelles phrases sont prises.
phrases-taken-in-part = Les nouvelles phrases sont prises, mais pas toutes.
phrases-broken = Il y a une erreur dans les phrases. Les anciennes restent.
