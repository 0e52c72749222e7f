# What the camera sees, one message for each class of models/vocabulary.toml that is said; ../en/sights.ftl says more.
#
# No article is said, so that no gender has to agree.

direction =
    { $direction ->
        [ahead] { " " }devant
        [right] { " " }à droite
        [left] { " " }à gauche
       *[none] { "" }
    }

## Place
place-street = Rue.
    .name = rue
place-residential-street = Rue résidentielle.
    .name = rue résidentielle
place-shopping-street = Rue commerçante.
    .name = rue commerçante
place-alley = Ruelle.
    .name = ruelle
place-plaza = Place.
    .name = place
place-park = Parc.
    .name = parc
place-car-park = Parking.
    .name = parking
place-station = Gare.
    .name = gare
place-bus-stop = Arrêt de bus.
    .name = arrêt de bus
place-bridge = Pont.
    .name = pont
place-tunnel = Tunnel.
    .name = tunnel
place-construction-site = Chantier.
    .name = chantier
place-highway = Voie rapide.
    .name = voie rapide
place-country-road = Route de campagne.
    .name = route de campagne
place-forest-path = Sentier en forêt.
    .name = sentier en forêt
place-stairs = Escalier.
    .name = escalier
place-building-front = Façade.
    .name = façade
place-market = Marché.
    .name = marché
place-waterside = Bord de l'eau.
    .name = bord de l'eau
place-open-land = Terrain découvert.
    .name = terrain découvert
place-railway = Voie ferrée.
    .name = voie ferrée
place-yard-or-driveway = Cour ou allée.
    .name = cour ou allée
place-indoors = Intérieur.
    .name = intérieur

## Surface
surface-paved-sidewalk = Trottoir pavé{ direction }.
    .name = trottoir pavé
surface-asphalt = Asphalte{ direction }.
    .name = asphalte
surface-brick-or-cobble = Briques ou pavés{ direction }.
    .name = briques ou pavés
surface-cracked-or-broken = Sol abîmé{ direction }.
    .name = sol abîmé
surface-gravel-or-dirt = Gravier ou terre{ direction }.
    .name = gravier ou terre
surface-grass = Herbe{ direction }.
    .name = herbe
surface-wet-or-puddle = Sol mouillé{ direction }.
    .name = sol mouillé
surface-snow-or-ice = Neige ou verglas{ direction }.
    .name = neige ou verglas
surface-tactile-paving = Bande podotactile{ direction }.
    .name = bande podotactile
surface-steps-up = Marches montantes{ direction }.
    .name = marches montantes
surface-steps-down = Marches descendantes{ direction }.
    .name = marches descendantes
surface-sand = Sable{ direction }.
    .name = sable
surface-water = Eau{ direction }.
    .name = eau
surface-indoor-floor = Sol intérieur{ direction }.
    .name = sol intérieur

## Crossing
crossing-zebra-crossing = Passage piéton{ direction }.
    .name = passage piéton
crossing-signalised-crossing = Passage à feux{ direction }.
    .name = passage à feux
crossing-junction = Carrefour{ direction }.
    .name = carrefour
crossing-kerb = Bordure{ direction }.
    .name = bordure
crossing-kerb-ramp = Bateau de trottoir{ direction }.
    .name = bateau de trottoir
crossing-cycle-lane = Piste cyclable{ direction }.
    .name = piste cyclable
crossing-railway = Passage à niveau{ direction }.
    .name = passage à niveau

## Obstacle
obstacle-parked-car = Voiture garée{ direction }.
    .name = voiture garée
obstacle-bicycle-or-scooter = Vélo ou trottinette{ direction }.
    .name = vélo ou trottinette
obstacle-pole-or-bollard = Poteau ou borne{ direction }.
    .name = poteau ou borne
obstacle-bin-or-bags = Poubelle ou sacs{ direction }.
    .name = poubelle ou sacs
obstacle-sign-board = Panneau{ direction }.
    .name = panneau
obstacle-barrier-or-cones = Barrière ou cônes{ direction }.
    .name = barrière ou cônes
obstacle-bench-or-hydrant = Banc ou bouche d'incendie{ direction }.
    .name = banc ou bouche d'incendie
obstacle-branch-or-bush = Branche ou buisson{ direction }.
    .name = branche ou buisson
obstacle-door-or-gate = Porte ou portail{ direction }.
    .name = porte ou portail
obstacle-manhole-or-pothole = Bouche d'égout ou trou{ direction }.
    .name = bouche d'égout ou trou
obstacle-stall-or-cart = Étal ou chariot{ direction }.
    .name = étal ou chariot
obstacle-animal = Animal{ direction }.
    .name = animal
obstacle-wall-or-fence = Mur ou clôture{ direction }.
    .name = mur ou clôture
obstacle-rubble = Gravats{ direction }.
    .name = gravats

## People
people-few = Quelques personnes{ direction }.
    .name = quelques personnes
people-crowd = Foule{ direction }.
    .name = foule
people-cyclist = Cycliste{ direction }.
    .name = cycliste

## Traffic
traffic-parked-vehicles = Véhicules garés{ direction }.
    .name = véhicules garés
traffic-moving-vehicles = Véhicules en mouvement{ direction }.
    .name = véhicules en mouvement
traffic-heavy-traffic = Circulation dense{ direction }.
    .name = circulation dense
traffic-bus-or-tram = Bus ou tram{ direction }.
    .name = bus ou tram

## Weather
weather-dry = Temps sec.
    .name = temps sec
weather-overcast = Couvert.
    .name = couvert
weather-rain = Pluie.
    .name = pluie
weather-snow = Chute de neige.
    .name = chute de neige
weather-fog = Brouillard.
    .name = brouillard

## Light
light-day = Lumière du jour.
    .name = lumière du jour
light-dusk = Crépuscule.
    .name = crépuscule
light-night = Nuit.
    .name = nuit
light-indoors = Éclairage intérieur.
    .name = éclairage intérieur

## The end of what was announced
surface-tactile-paving-ends = Fin de la bande podotactile.
place-tunnel-ends = Fin du tunnel.
place-construction-site-ends = Fin du chantier.
