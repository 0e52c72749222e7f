# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = La cámara no da imagen. Ahora no veo.
fault-camera-back = La cámara ha vuelto. Veo de nuevo.
fault-camera-covered = La cámara está tapada. Ahora no veo.
fault-too-dark = Está demasiado oscuro. Ahora no veo.
fault-encoder-late = Voy lento. Puedo avisar tarde.
fault-encoder-lost = El reconocimiento falla. Lo intento otra vez.
fault-encoder-back = Reconozco cosas otra vez.
fault-voice-lost = La voz falló. Esta es otra voz.
fault-recording-stopped = La grabación se paró. Yo sigo mirando.
fault-log-stopped = El registro se paró. Yo sigo mirando.
