# What is answered to a walker who asks, and what the program says of itself at its first start; ../en/controls.ftl says more.

## Repeat, more, around
answer-nothing-said = Todavía no he hablado.
answer-seconds-ago = Hace { $count } segundos: { $said }
answer-minutes-ago =
    { $count ->
        [one] Hace un minuto: { $said }
       *[other] Hace { $count } minutos: { $said }
    }
answer-all-told = Es todo lo que puedo decir.
answer-cannot-see = Ahora no veo.

## Status
status-hours =
    { $hours ->
        [one] 1 hora
       *[other] { $hours } horas
    }
status-minutes =
    { $minutes ->
        [one] 1 minuto
       *[other] { $minutes } minutos
    }
status-walking =
    { $hours ->
        [0] En camino desde hace { status-minutes }.
       *[other] En camino desde hace { status-hours } y { status-minutes }.
    }
status-begun = El paseo acaba de empezar.
status-well = La cámara y la voz funcionan.
status-battery = Batería al { $percent } por ciento.

## Toggles: each tells its state
answer-paused = En pausa. No doy avisos.
answer-still-paused = Sigo en pausa. No doy avisos.
answer-resumed = Vuelvo a mirar.
answer-volume = Volumen al { $percent } por ciento.
answer-volume-most = Volumen máximo.
answer-volume-least = Volumen mínimo.
answer-rate = { $words } palabras por minuto.
answer-rate-most = Velocidad máxima.
answer-rate-least = Velocidad mínima.
answer-talk-quiet = Solo digo lo que estorba.
answer-talk-normal = Digo también los lugares y el suelo.
answer-talk-chatty = Digo todo lo que reconozco.
answer-marked = Marcado como error: { $said }
answer-unmarked = No hay registro. No puedo marcarlo.

## Help
help-keys-speech = Espacio: callar. Intro: repetir.
help-keys-street = A: qué hay alrededor. M: más. S: estado.
help-keys-sound = Arriba y abajo: volumen. Derecha e izquierda: velocidad.
help-keys-talk = Más y menos: decir más o menos.
help-keys-rest = P: pausa o volver a mirar. W: eso era un error. I: presentación. H: ayuda.
help-buttons-play = Play repite. Dos veces: qué hay alrededor. Tres veces: ayuda. Mantenido: pausa o volver a mirar.
help-buttons-next = Siguiente dice más. Dos veces: estado. Mantenido: decir más.
help-buttons-previous = Anterior sirve para callar. Dos veces: eso era un error. Mantenido: decir menos.
help-buttons-volume = Las teclas de volumen, mantenidas, cambian la velocidad.
help-commands = Las órdenes son repeat, more, around, status, help, pause, resume, stop, louder, quieter, chattier, less, faster, slower, wrong e introduce.

## The first start
introduction-what = Hola, esto es Streetscape. Miro por su cámara y digo dónde está y qué estorba.
introduction-limits = Conozco calles, escalones, obstáculos y el suelo. Se me escapan cosas, y a veces me equivoco.
introduction-crossing = Sobre cruzar nunca decido yo: decide usted. Conserve el bastón o el perro, y los oídos.
introduction-silence = Aunque calle, puede haber algo.
introduction-help = Para la ayuda, pulse H, o tres veces play en el auricular. El espacio me calla.
introduction-aim = Lleve la cámara derecha en el pecho, a nivel, sin taparla. Le diré cuándo apunta bien.
aim-good = La cámara apunta bien.
aim-poor = Aún no distingo la calle. Gire la cámara al frente, derecha.

## Settings
settings-broken = Mis ajustes estaban dañados. Uso los normales.
settings-unsaved = No puedo guardar los ajustes.
