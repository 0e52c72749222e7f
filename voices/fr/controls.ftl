# What is answered to a walker who asks, and what the program says of itself at its first start; ../en/controls.ftl says more.

## Repeat, more, around
answer-nothing-said = Je n'ai pas encore parlé.
answer-seconds-ago = Il y a { $count } secondes{ " " }: { $said }
answer-minutes-ago =
    { $count ->
        [one] Il y a une minute{ " " }: { $said }
       *[other] Il y a { $count } minutes{ " " }: { $said }
    }
answer-all-told = C'est tout ce que je peux dire.
answer-cannot-see = Là, je ne vois pas.

## Status
status-hours =
    { $hours ->
        [one] 1 heure
       *[other] { $hours } heures
    }
status-minutes =
    { $minutes ->
        [one] 1 minute
       *[other] { $minutes } minutes
    }
status-walking =
    { $hours ->
        [0] En chemin depuis { status-minutes }.
       *[other] En chemin depuis { status-hours } et { status-minutes }.
    }
status-begun = La marche vient de commencer.
status-well = La caméra et la voix marchent.
status-battery = Batterie à { $percent } pour cent.

## Toggles: each tells its state
answer-paused = En pause. Je n'avertis pas.
answer-still-paused = Toujours en pause. Je n'avertis pas.
answer-resumed = Je regarde à nouveau.
answer-volume = Volume à { $percent } pour cent.
answer-volume-most = Volume maximal.
answer-volume-least = Volume minimal.
answer-rate = { $words } mots par minute.
answer-rate-most = Vitesse maximale.
answer-rate-least = Vitesse minimale.
answer-talk-quiet = Je dis seulement ce qui gêne.
answer-talk-normal = Je dis aussi les lieux et le sol.
answer-talk-chatty = Je dis tout ce que je reconnais.
answer-marked = Marqué comme faux{ " " }: { $said }
answer-unmarked = Il n'y a pas de journal. Je ne peux pas le marquer.

## Help
help-keys-speech = Espace{ " " }: se taire. Entrée{ " " }: répéter.
help-keys-street = A{ " " }: ce qu'il y a autour. M{ " " }: plus. S{ " " }: état.
help-keys-sound = Haut et bas{ " " }: volume. Droite et gauche{ " " }: vitesse.
help-keys-talk = Plus et moins{ " " }: dire plus ou moins.
help-keys-rest = P{ " " }: pause ou reprise. W{ " " }: c'était faux. I{ " " }: présentation. H{ " " }: aide.
help-buttons-play = Lecture répète. Deux fois{ " " }: ce qu'il y a autour. Trois fois{ " " }: aide. Maintenu{ " " }: pause ou reprise.
help-buttons-next = Suivant dit plus. Deux fois{ " " }: état. Maintenu{ " " }: dire plus.
help-buttons-previous = Précédent sert à se taire. Deux fois{ " " }: c'était faux. Maintenu{ " " }: dire moins.
help-buttons-volume = Les touches de volume, maintenues, changent la vitesse.
help-commands = Les commandes sont repeat, more, around, status, help, pause, resume, stop, louder, quieter, chattier, less, faster, slower, wrong et introduce.

## The first start
introduction-what = Bonjour, ici Streetscape. Je regarde par votre caméra, et je dis où vous êtes et ce qui gêne.
introduction-limits = Je connais les rues, les marches, les obstacles et le sol. Des choses m'échappent, et parfois je me trompe.
introduction-crossing = Pour traverser, je ne décide jamais{ " " }: la décision vous revient. Gardez la canne ou le chien, et vos oreilles.
introduction-silence = Même si je me tais, il peut y avoir quelque chose.
introduction-help = Pour l'aide, appuyez sur H, ou trois fois sur lecture au casque. Espace me fait taire.
introduction-aim = Portez la caméra droite sur la poitrine, à niveau, sans la couvrir. Je dirai quand elle vise bien.
aim-good = La caméra vise bien.
aim-poor = Je ne distingue pas encore la rue. Tournez la caméra vers l'avant, droite.

## Settings
settings-broken = Mes réglages étaient abîmés. Je prends les habituels.
settings-unsaved = Je ne peux pas garder les réglages.
