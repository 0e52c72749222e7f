# What the camera sees, one message for each class of models/vocabulary.toml that is said; ../en/sights.ftl says more.
#
# No article is said, so that no gender has to agree.

direction =
    { $direction ->
        [ahead] { " " }voraus
        [right] { " " }rechts
        [left] { " " }links
       *[none] { "" }
    }

## Place
place-street = Straße.
    .name = Straße
place-residential-street = Wohnstraße.
    .name = Wohnstraße
place-shopping-street = Einkaufsstraße.
    .name = Einkaufsstraße
place-alley = Gasse.
    .name = Gasse
place-plaza = Platz.
    .name = Platz
place-park = Park.
    .name = Park
place-car-park = Parkplatz.
    .name = Parkplatz
place-station = Bahnhof.
    .name = Bahnhof
place-bus-stop = Bushaltestelle.
    .name = Bushaltestelle
place-bridge = Brücke.
    .name = Brücke
place-tunnel = Tunnel.
    .name = Tunnel
place-construction-site = Baustelle.
    .name = Baustelle
place-highway = Schnellstraße.
    .name = Schnellstraße
place-country-road = Landstraße.
    .name = Landstraße
place-forest-path = Waldweg.
    .name = Waldweg
place-stairs = Treppe.
    .name = Treppe
place-building-front = Hausfront.
    .name = Hausfront
place-market = Markt.
    .name = Markt
place-waterside = Ufer.
    .name = Ufer
place-open-land = Offenes Gelände.
    .name = Offenes Gelände
place-railway = Bahnstrecke.
    .name = Bahnstrecke
place-yard-or-driveway = Hof oder Einfahrt.
    .name = Hof oder Einfahrt
place-indoors = Innenraum.
    .name = Innenraum

## Surface
surface-paved-sidewalk = Gehweg mit Platten{ direction }.
    .name = Gehweg mit Platten
surface-asphalt = Asphalt{ direction }.
    .name = Asphalt
surface-brick-or-cobble = Pflaster{ direction }.
    .name = Pflaster
surface-cracked-or-broken = Kaputter Boden{ direction }.
    .name = kaputter Boden
surface-gravel-or-dirt = Kies oder Erde{ direction }.
    .name = Kies oder Erde
surface-grass = Gras{ direction }.
    .name = Gras
surface-wet-or-puddle = Nasser Boden{ direction }.
    .name = nasser Boden
surface-snow-or-ice = Schnee oder Eis{ direction }.
    .name = Schnee oder Eis
surface-tactile-paving = Leitstreifen{ direction }.
    .name = Leitstreifen
surface-steps-up = Stufen aufwärts{ direction }.
    .name = Stufen aufwärts
surface-steps-down = Stufen abwärts{ direction }.
    .name = Stufen abwärts
surface-sand = Sand{ direction }.
    .name = Sand
surface-water = Wasser{ direction }.
    .name = Wasser
surface-indoor-floor = Innenboden{ direction }.
    .name = Innenboden

## Crossing
crossing-zebra-crossing = Zebrastreifen{ direction }.
    .name = Zebrastreifen
crossing-signalised-crossing = Übergang mit Ampel{ direction }.
    .name = Übergang mit Ampel
crossing-junction = Kreuzung{ direction }.
    .name = Kreuzung
crossing-kerb = Bordstein{ direction }.
    .name = Bordstein
crossing-kerb-ramp = Bordsteinrampe{ direction }.
    .name = Bordsteinrampe
crossing-cycle-lane = Radweg{ direction }.
    .name = Radweg
crossing-railway = Bahnübergang{ direction }.
    .name = Bahnübergang

## Obstacle
obstacle-parked-car = Parkendes Auto{ direction }.
    .name = parkendes Auto
obstacle-bicycle-or-scooter = Fahrrad oder Roller{ direction }.
    .name = Fahrrad oder Roller
obstacle-pole-or-bollard = Pfosten oder Poller{ direction }.
    .name = Pfosten oder Poller
obstacle-bin-or-bags = Tonne oder Säcke{ direction }.
    .name = Tonne oder Säcke
obstacle-sign-board = Aufsteller{ direction }.
    .name = Aufsteller
obstacle-barrier-or-cones = Absperrung oder Kegel{ direction }.
    .name = Absperrung oder Kegel
obstacle-bench-or-hydrant = Bank oder Hydrant{ direction }.
    .name = Bank oder Hydrant
obstacle-branch-or-bush = Ast oder Busch{ direction }.
    .name = Ast oder Busch
obstacle-door-or-gate = Tür oder Tor{ direction }.
    .name = Tür oder Tor
obstacle-manhole-or-pothole = Schacht oder Schlagloch{ direction }.
    .name = Schacht oder Schlagloch
obstacle-stall-or-cart = Stand oder Karren{ direction }.
    .name = Stand oder Karren
obstacle-animal = Tier{ direction }.
    .name = Tier
obstacle-wall-or-fence = Mauer oder Zaun{ direction }.
    .name = Mauer oder Zaun
obstacle-rubble = Schutt{ direction }.
    .name = Schutt

## People
people-few = Einige Leute{ direction }.
    .name = einige Leute
people-crowd = Menschenmenge{ direction }.
    .name = Menschenmenge
people-cyclist = Radfahrer{ direction }.
    .name = Radfahrer

## Traffic
traffic-parked-vehicles = Parkende Fahrzeuge{ direction }.
    .name = parkende Fahrzeuge
traffic-moving-vehicles = Fahrende Fahrzeuge{ direction }.
    .name = fahrende Fahrzeuge
traffic-heavy-traffic = Dichter Verkehr{ direction }.
    .name = dichter Verkehr
traffic-bus-or-tram = Bus oder Straßenbahn{ direction }.
    .name = Bus oder Straßenbahn

## Weather
weather-dry = Trocken.
    .name = trocken
weather-overcast = Bewölkt.
    .name = bewölkt
weather-rain = Regen.
    .name = Regen
weather-snow = Schneefall.
    .name = Schneefall
weather-fog = Nebel.
    .name = Nebel

## Light
light-day = Tageslicht.
    .name = Tageslicht
light-dusk = Dämmerung.
    .name = Dämmerung
light-night = Nacht.
    .name = Nacht
light-indoors = Innenlicht.
    .name = Innenlicht

## The end of what was announced
surface-tactile-paving-ends = Leitstreifen endet.
place-tunnel-ends = Tunnel endet.
place-construction-site-ends = Baustelle endet.
