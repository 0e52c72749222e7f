# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = Plus d'image. Je ne peux pas voir.
fault-camera-back = La caméra est revenue. Je vois à nouveau.
fault-camera-covered = La caméra est cachée. Je ne peux pas voir.
fault-too-dark = Il fait trop sombre. Je ne peux pas voir.
fault-camera-frozen = L'image est figée. Je ne peux pas voir.
fault-camera-blurred = L'image est floue. Essuyez l'objectif.
fault-camera-on-side = La caméra est couchée. Redressez-la.
fault-camera-at-sky = La caméra vise le ciel. Baissez-la.
fault-camera-at-ground = La caméra vise le sol. Relevez-la.
fault-sight-back = Je vois bien à nouveau.
fault-encoder-late = Je suis lent. Je peux parler en retard.
fault-encoder-lost = La reconnaissance a lâché. Nouvel essai.
fault-encoder-back = Je reconnais de nouveau.
fault-voice-lost = La voix a lâché. En voici une autre.
fault-model-damaged = Le modèle est abîmé. La reconnaissance a lâché.
fault-voice-back = J'ai perdu la voix. Elle est revenue.
fault-sounds-lost = Je n'ai plus de sons. Je parle chaque demi-minute.
fault-sounds-back = Mes sons sont revenus.
fault-battery-low = Batterie faible. Je peux bientôt m'arrêter.
fault-battery-back = La batterie se recharge.
fault-processor-hot = L'appareil chauffe. Je regarde moins souvent.
fault-processor-cool = L'appareil a refroidi. Je regarde comme avant.
fault-clock-jumped = L'heure a changé. Je regarde encore.
fault-woke = J'étais en veille. Je regarde à nouveau.
fault-recording-stopped = L'enregistrement s'est arrêté. Je regarde encore.
fault-log-stopped = Le journal s'est arrêté. Je regarde encore.
