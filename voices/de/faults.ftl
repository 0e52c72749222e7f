# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = Kein Bild von der Kamera. Ich kann nicht sehen.
fault-camera-back = Die Kamera ist wieder da. Ich kann wieder sehen.
fault-camera-covered = Die Kamera ist verdeckt. Ich kann nicht sehen.
fault-too-dark = Es ist zu dunkel. Ich kann nicht sehen.
fault-encoder-late = Ich bin langsam. Ansagen kommen vielleicht spät.
fault-encoder-lost = Das Erkennen fällt aus. Neuer Versuch.
fault-encoder-back = Ich erkenne wieder etwas.
fault-voice-lost = Die Stimme fiel aus. Dies ist eine andere.
fault-recording-stopped = Die Aufnahme endete. Ich schaue noch hin.
fault-log-stopped = Das Protokoll endete. Ich schaue noch hin.
