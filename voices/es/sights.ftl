# What the camera sees, one message for each class of models/vocabulary.toml that is said; ../en/sights.ftl says more.
#
# No article is said, so that no gender has to agree.

direction =
    { $direction ->
        [ahead] { " " }delante
        [right] { " " }a la derecha
        [left] { " " }a la izquierda
       *[none] { "" }
    }

## Place
place-street = Calle.
    .name = calle
place-residential-street = Calle residencial.
    .name = calle residencial
place-shopping-street = Calle comercial.
    .name = calle comercial
place-alley = Callejón.
    .name = callejón
place-plaza = Plaza.
    .name = plaza
place-park = Parque.
    .name = parque
place-car-park = Aparcamiento.
    .name = aparcamiento
place-station = Estación.
    .name = estación
place-bus-stop = Parada de autobús.
    .name = parada de autobús
place-bridge = Puente.
    .name = puente
place-tunnel = Túnel.
    .name = túnel
place-construction-site = Obras.
    .name = obras
place-highway = Autovía.
    .name = autovía
place-country-road = Carretera rural.
    .name = carretera rural
place-forest-path = Sendero de bosque.
    .name = sendero de bosque
place-stairs = Escalera.
    .name = escalera
place-building-front = Fachada.
    .name = fachada
place-market = Mercado.
    .name = mercado
place-waterside = Orilla.
    .name = orilla
place-open-land = Campo abierto.
    .name = campo abierto
place-railway = Vía de tren.
    .name = vía de tren
place-yard-or-driveway = Patio o entrada.
    .name = patio o entrada
place-indoors = Interior.
    .name = interior

## Surface
surface-paved-sidewalk = Acera pavimentada{ direction }.
    .name = acera pavimentada
surface-asphalt = Asfalto{ direction }.
    .name = asfalto
surface-brick-or-cobble = Adoquines o ladrillo{ direction }.
    .name = adoquines o ladrillo
surface-cracked-or-broken = Suelo roto{ direction }.
    .name = suelo roto
surface-gravel-or-dirt = Grava o tierra{ direction }.
    .name = grava o tierra
surface-grass = Hierba{ direction }.
    .name = hierba
surface-wet-or-puddle = Suelo mojado{ direction }.
    .name = suelo mojado
surface-snow-or-ice = Nieve o hielo{ direction }.
    .name = nieve o hielo
surface-tactile-paving = Pavimento táctil{ direction }.
    .name = pavimento táctil
surface-steps-up = Escalones de subida{ direction }.
    .name = escalones de subida
surface-steps-down = Escalones de bajada{ direction }.
    .name = escalones de bajada
surface-sand = Arena{ direction }.
    .name = arena
surface-water = Agua{ direction }.
    .name = agua
surface-indoor-floor = Suelo interior{ direction }.
    .name = suelo interior

## Crossing
crossing-zebra-crossing = Paso de cebra{ direction }.
    .name = paso de cebra
crossing-signalised-crossing = Cruce con semáforo{ direction }.
    .name = cruce con semáforo
crossing-junction = Cruce de calles{ direction }.
    .name = cruce de calles
crossing-kerb = Bordillo{ direction }.
    .name = bordillo
crossing-kerb-ramp = Rampa de bordillo{ direction }.
    .name = rampa de bordillo
crossing-cycle-lane = Carril bici{ direction }.
    .name = carril bici
crossing-railway = Paso a nivel{ direction }.
    .name = paso a nivel

## Obstacle
obstacle-parked-car = Coche aparcado{ direction }.
    .name = coche aparcado
obstacle-bicycle-or-scooter = Bici o patinete{ direction }.
    .name = bici o patinete
obstacle-pole-or-bollard = Poste o bolardo{ direction }.
    .name = poste o bolardo
obstacle-bin-or-bags = Cubo o bolsas{ direction }.
    .name = cubo o bolsas
obstacle-sign-board = Cartel{ direction }.
    .name = cartel
obstacle-barrier-or-cones = Valla o conos{ direction }.
    .name = valla o conos
obstacle-bench-or-hydrant = Banco o hidrante{ direction }.
    .name = banco o hidrante
obstacle-branch-or-bush = Rama o arbusto{ direction }.
    .name = rama o arbusto
obstacle-door-or-gate = Puerta o verja{ direction }.
    .name = puerta o verja
obstacle-manhole-or-pothole = Alcantarilla o bache{ direction }.
    .name = alcantarilla o bache
obstacle-stall-or-cart = Puesto o carro{ direction }.
    .name = puesto o carro
obstacle-animal = Animal{ direction }.
    .name = animal
obstacle-wall-or-fence = Muro o valla{ direction }.
    .name = muro o valla
obstacle-rubble = Escombros{ direction }.
    .name = escombros

## People
people-few = Algunas personas{ direction }.
    .name = algunas personas
people-crowd = Multitud{ direction }.
    .name = multitud
people-cyclist = Ciclista{ direction }.
    .name = ciclista

## Traffic
traffic-parked-vehicles = Vehículos aparcados{ direction }.
    .name = vehículos aparcados
traffic-moving-vehicles = Vehículos en movimiento{ direction }.
    .name = vehículos en movimiento
traffic-heavy-traffic = Tráfico intenso{ direction }.
    .name = tráfico intenso
traffic-bus-or-tram = Autobús o tranvía{ direction }.
    .name = autobús o tranvía

## Weather
weather-dry = Seco.
    .name = seco
weather-overcast = Nublado.
    .name = nublado
weather-rain = Lluvia.
    .name = lluvia
weather-snow = Nevando.
    .name = nevando
weather-fog = Niebla.
    .name = niebla

## Light
light-day = Luz de día.
    .name = luz de día
light-dusk = Crepúsculo.
    .name = crepúsculo
light-night = Noche.
    .name = noche
light-indoors = Luz interior.
    .name = luz interior

## The end of what was announced
surface-tactile-paving-ends = Fin del pavimento táctil.
place-tunnel-ends = Fin del túnel.
place-construction-site-ends = Fin de las obras.
