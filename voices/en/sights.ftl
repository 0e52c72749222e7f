# What the camera sees, one message for each class of models/vocabulary.toml that is said.
#
# The value is said on a walk; $direction is ahead, right, left, or none where it is not known.
# .name is the thing itself, as it stands in a list: "Ahead: zebra crossing, parked car."
# Never "safe", "clear" or "go", and never the state of a signal.

direction =
    { $direction ->
        [ahead] { " " }ahead
        [right] { " " }on the right
        [left] { " " }on the left
       *[none] { "" }
    }

## Place

place-street = Street.
    .name = street
place-residential-street = Residential street.
    .name = residential street
place-shopping-street = Shopping street.
    .name = shopping street
place-alley = Alley.
    .name = alley
place-plaza = Open square.
    .name = open square
place-park = Park.
    .name = park
place-car-park = Car park.
    .name = car park
place-station = Station.
    .name = station
place-bus-stop = Bus stop.
    .name = bus stop
place-bridge = Bridge.
    .name = bridge
place-tunnel = Tunnel.
    .name = tunnel
place-construction-site = Construction site.
    .name = construction site
place-highway = Highway.
    .name = highway
place-country-road = Country road.
    .name = country road
place-forest-path = Forest path.
    .name = forest path
place-stairs = Stairs.
    .name = stairs
place-building-front = Front of a building.
    .name = front of a building
place-market = Market.
    .name = market
place-waterside = By the water.
    .name = waterside
place-open-land = Open land.
    .name = open land
place-railway = Railway.
    .name = railway
place-yard-or-driveway = Yard or driveway.
    .name = yard or driveway
place-indoors = Indoors.
    .name = indoors

## Surface

surface-paved-sidewalk = Paved sidewalk{ direction }.
    .name = paved sidewalk
surface-asphalt = Asphalt{ direction }.
    .name = asphalt
surface-brick-or-cobble = Brick or cobbles{ direction }.
    .name = brick or cobbles
surface-cracked-or-broken = Broken ground{ direction }.
    .name = broken ground
surface-gravel-or-dirt = Gravel or dirt{ direction }.
    .name = gravel or dirt
surface-grass = Grass{ direction }.
    .name = grass
surface-wet-or-puddle = Wet ground{ direction }.
    .name = wet ground
surface-snow-or-ice = Snow or ice{ direction }.
    .name = snow or ice
surface-tactile-paving = Tactile paving{ direction }.
    .name = tactile paving
surface-steps-up = Steps up{ direction }.
    .name = steps up
surface-steps-down = Steps down{ direction }.
    .name = steps down
surface-sand = Sand{ direction }.
    .name = sand
surface-water = Water{ direction }.
    .name = water
surface-indoor-floor = Indoor floor{ direction }.
    .name = indoor floor

## Crossing

crossing-zebra-crossing = Zebra crossing{ direction }.
    .name = zebra crossing
crossing-signalised-crossing = Crossing with traffic lights{ direction }.
    .name = crossing with traffic lights
crossing-junction = Junction{ direction }.
    .name = junction
crossing-kerb = Kerb{ direction }.
    .name = kerb
crossing-kerb-ramp = Kerb ramp{ direction }.
    .name = kerb ramp
crossing-cycle-lane = Cycle lane{ direction }.
    .name = cycle lane
crossing-railway = Railway crossing{ direction }.
    .name = railway crossing

## Obstacle

obstacle-parked-car = Parked car{ direction }.
    .name = parked car
obstacle-bicycle-or-scooter = Bicycle or scooter{ direction }.
    .name = bicycle or scooter
obstacle-pole-or-bollard = Pole or bollard{ direction }.
    .name = pole or bollard
obstacle-bin-or-bags = Bin or bags{ direction }.
    .name = bin or bags
obstacle-sign-board = Sign board{ direction }.
    .name = sign board
obstacle-barrier-or-cones = Barrier or cones{ direction }.
    .name = barrier or cones
obstacle-bench-or-hydrant = Bench or hydrant{ direction }.
    .name = bench or hydrant
obstacle-branch-or-bush = Branch or bush{ direction }.
    .name = branch or bush
obstacle-door-or-gate = Door or gate{ direction }.
    .name = door or gate
obstacle-manhole-or-pothole = Manhole or pothole{ direction }.
    .name = manhole or pothole
obstacle-stall-or-cart = Stall or cart{ direction }.
    .name = stall or cart
obstacle-animal = Animal{ direction }.
    .name = animal
obstacle-wall-or-fence = Wall or fence{ direction }.
    .name = wall or fence
obstacle-rubble = Rubble{ direction }.
    .name = rubble

## People

people-few = A few people{ direction }.
    .name = a few people
people-crowd = Crowd{ direction }.
    .name = crowd
people-cyclist = Cyclist{ direction }.
    .name = cyclist

## Traffic

traffic-parked-vehicles = Parked vehicles{ direction }.
    .name = parked vehicles
traffic-moving-vehicles = Moving vehicles{ direction }.
    .name = moving vehicles
traffic-heavy-traffic = Heavy traffic{ direction }.
    .name = heavy traffic
traffic-bus-or-tram = Bus or tram{ direction }.
    .name = bus or tram

## Weather

weather-dry = Dry.
    .name = dry
weather-overcast = Overcast.
    .name = overcast
weather-rain = Rain.
    .name = rain
weather-snow = Snow is falling.
    .name = falling snow
weather-fog = Fog.
    .name = fog

## Light

light-day = Daylight.
    .name = daylight
light-dusk = Dusk.
    .name = dusk
light-night = Night.
    .name = night
light-indoors = Indoor light.
    .name = indoor light

## The end of what was announced

surface-tactile-paving-ends = Tactile paving ends.
place-tunnel-ends = Tunnel ends.
place-construction-site-ends = Construction site ends.
