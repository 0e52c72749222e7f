# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = Plus d'image. Je ne peux pas voir.
fault-camera-back = La caméra est revenue. Je vois à nouveau.
fault-camera-covered = La caméra est cachée. Je ne peux pas voir.
fault-too-dark = Il fait trop sombre. Je ne peux pas voir.
fault-encoder-late = Je suis lent. Je peux parler en retard.
fault-encoder-lost = La reconnaissance a lâché. Nouvel essai.
fault-encoder-back = Je reconnais de nouveau.
fault-voice-lost = La voix a lâché. En voici une autre.
fault-recording-stopped = L'enregistrement s'est arrêté. Je regarde encore.
fault-log-stopped = Le journal s'est arrêté. Je regarde encore.
