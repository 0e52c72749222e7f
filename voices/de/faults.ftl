# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = Kein Bild von der Kamera. Ich kann nicht sehen.
fault-camera-back = Die Kamera ist wieder da. Ich kann wieder sehen.
fault-camera-covered = Die Kamera ist verdeckt. Ich kann nicht sehen.
fault-too-dark = Es ist zu dunkel. Ich kann nicht sehen.
fault-camera-frozen = Das Bild steht still. Ich kann nicht sehen.
fault-camera-blurred = Das Bild ist unscharf. Linse abwischen.
fault-camera-on-side = Die Kamera liegt quer. Richte sie auf.
fault-camera-at-sky = Die Kamera zeigt zum Himmel. Senke sie.
fault-camera-at-ground = Die Kamera zeigt zum Boden. Hebe sie.
fault-sight-back = Ich sehe wieder gut.
fault-encoder-late = Ich bin langsam. Ansagen kommen vielleicht spät.
fault-encoder-lost = Das Erkennen fällt aus. Neuer Versuch.
fault-encoder-back = Ich erkenne wieder etwas.
fault-voice-lost = Die Stimme fiel aus. Dies ist eine andere.
fault-model-damaged = Das Modell ist defekt. Das Erkennen fällt aus.
fault-voice-back = Meine Stimme war weg. Sie ist wieder da.
fault-sounds-lost = Meine Töne fehlen. Ich melde mich jede halbe Minute.
fault-sounds-back = Meine Töne sind wieder da.
fault-battery-low = Der Akku ist schwach. Ich ende wohl bald.
fault-battery-back = Der Akku lädt.
fault-processor-hot = Das Gerät ist heiß. Ich schaue seltener.
fault-processor-cool = Das Gerät ist kühler. Ich schaue wie zuvor.
fault-clock-jumped = Die Uhr wurde verstellt. Ich schaue noch hin.
fault-woke = Ich war im Schlaf. Ich schaue wieder.
fault-recording-stopped = Die Aufnahme endete. Ich schaue noch hin.
fault-log-stopped = Das Protokoll endete. Ich schaue noch hin.
