# What is answered to a walker who asks, and what the program says of itself at its first start; ../en/controls.ftl says more.

## Repeat, more, around
answer-nothing-said = Ich habe noch nichts gesagt.
answer-seconds-ago = Vor { $count } Sekunden: { $said }
answer-minutes-ago =
    { $count ->
        [one] Vor einer Minute: { $said }
       *[other] Vor { $count } Minuten: { $said }
    }
answer-all-told = Mehr kann ich nicht sagen.
answer-cannot-see = Ich kann gerade nicht sehen.

## Status
status-hours =
    { $hours ->
        [one] 1 Stunde
       *[other] { $hours } Stunden
    }
status-minutes =
    { $minutes ->
        [one] 1 Minute
       *[other] { $minutes } Minuten
    }
status-walking =
    { $hours ->
        [0] Unterwegs seit { status-minutes }.
       *[other] Unterwegs seit { status-hours }, { status-minutes }.
    }
status-begun = Der Weg hat gerade begonnen.
status-well = Kamera und Stimme laufen.
status-battery = Akku { $percent } Prozent.

## Toggles: each tells its state
answer-paused = Pause. Ich warne nicht.
answer-still-paused = Noch immer Pause. Ich warne nicht.
answer-resumed = Ich schaue wieder hin.
answer-volume = Lautstärke { $percent } Prozent.
answer-volume-most = Volle Lautstärke.
answer-volume-least = Kleinste Lautstärke.
answer-rate = { $words } Wörter pro Minute.
answer-rate-most = Höchstes Tempo.
answer-rate-least = Kleinstes Tempo.
answer-talk-quiet = Ich sage nur, was im Weg steht.
answer-talk-normal = Ich sage auch Orte und den Boden.
answer-talk-chatty = Ich sage alles, was ich erkenne.
answer-marked = Als falsch vermerkt: { $said }
answer-unmarked = Es gibt kein Protokoll. Ich kann es nicht vermerken.

## Help
help-keys-speech = Leertaste: still sein. Eingabe: wiederholen.
help-keys-street = A: was ringsum ist. M: mehr. S: Status.
help-keys-sound = Auf und ab: Lautstärke. Rechts und links: Tempo.
help-keys-talk = Plus und Minus: mehr oder weniger sagen.
help-keys-rest = P: Pause oder weiter hinschauen. W: das war falsch. I: Vorstellung. H: Hilfe.
help-buttons-play = Play wiederholt. Zweimal: was ringsum ist. Dreimal: Hilfe. Gehalten: Pause oder wieder hinschauen.
help-buttons-next = Vor sagt mehr. Zweimal: Status. Gehalten: mehr sagen.
help-buttons-previous = Zurück heißt: still sein. Zweimal: das war falsch. Gehalten: weniger sagen.
help-buttons-volume = Die Lautstärketasten ändern gehalten das Tempo.
help-commands = Die Befehle sind repeat, more, around, status, help, pause, resume, stop, louder, quieter, chattier, less, faster, slower, wrong und introduce.

## The first start
introduction-what = Hallo, hier ist Streetscape. Ich schaue durch deine Kamera und sage, wo du bist und was im Weg steht.
introduction-limits = Ich kenne Straßen, Stufen, Hindernisse und den Boden. Ich übersehe manches und irre mich auch.
introduction-crossing = Ob du querst, entscheidest du, nie ich. Behalte Stock oder Hund und deine Ohren.
introduction-silence = Auch wenn ich schweige, kann da etwas sein.
introduction-help = Hilfe gibt die Taste H, oder dreimal Play am Kopfhörer. Die Leertaste macht mich still.
introduction-aim = Trag die Kamera aufrecht auf der Brust, waagerecht, unverdeckt. Ich sage, wenn sie richtig sitzt.
aim-good = Die Kamera sitzt richtig.
aim-poor = Ich erkenne die Straße noch nicht. Dreh die Kamera nach vorn, aufrecht.

## Settings
settings-broken = Meine Einstellungen waren kaputt. Ich nehme die üblichen.
settings-unsaved = Ich kann die Einstellungen nicht behalten.
