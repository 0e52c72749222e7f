# What the program says of itself.

session-start = Streetscape ist an.
session-again = Ich stand still und wurde neu gestartet.
session-again-hung = Ich war aus: Ich hing fest. Ich laufe wieder.
session-again-crashed = Ich war aus: Ich stürzte ab. Ich laufe wieder.
session-again-memory = Ich war aus: Speicher voll. Ich laufe wieder.
# Heard whole within the second that Ctrl-C has.
session-end = Tschüss.
session-already = Streetscape ist schon an.
session-cannot-start = Streetscape startet nicht. Bitte um Hilfe.

# Of a caregiver's phrases: the file was changed; some of it is of no use on a street; it can't be read.
phrases-taken = Die neuen Sätze gelten.
phrases-taken-in-part = Die neuen Sätze gelten, aber nicht alle.
phrases-broken = In den Sätzen ist ein Fehler. Die alten bleiben.
