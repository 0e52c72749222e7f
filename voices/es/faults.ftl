# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = La cámara no da imagen. Ahora no veo.
fault-camera-back = La cámara ha vuelto. Veo de nuevo.
fault-camera-covered = La cámara está tapada. Ahora no veo.
fault-too-dark = Está demasiado oscuro. Ahora no veo.
fault-camera-frozen = La imagen se congeló. Ahora no veo.
fault-camera-blurred = La imagen está borrosa. Limpia la lente.
fault-camera-on-side = La cámara está de lado. Ponla derecha.
fault-camera-at-sky = La cámara apunta al cielo. Bájala.
fault-camera-at-ground = La cámara apunta al suelo. Súbela.
fault-sight-back = Veo bien otra vez.
fault-encoder-late = Voy lento. Puedo avisar tarde.
fault-encoder-lost = El reconocimiento falla. Lo intento otra vez.
fault-encoder-back = Reconozco cosas otra vez.
fault-voice-lost = La voz falló. Esta es otra voz.
fault-model-damaged = El modelo está dañado. El reconocimiento falla.
fault-voice-back = Perdí la voz. Ha vuelto.
fault-sounds-lost = Mis sonidos fallan. Hablo cada medio minuto.
fault-sounds-back = Mis sonidos han vuelto.
fault-battery-low = Queda poca batería. Puedo parar pronto.
fault-battery-back = La batería se carga.
fault-processor-hot = El aparato está caliente. Miro menos.
fault-processor-cool = El aparato se enfrió. Miro como antes.
fault-clock-jumped = El reloj cambió. Yo sigo mirando.
fault-woke = Estuve en reposo. Vuelvo a mirar.
fault-recording-stopped = La grabación se paró. Yo sigo mirando.
fault-log-stopped = El registro se paró. Yo sigo mirando.
