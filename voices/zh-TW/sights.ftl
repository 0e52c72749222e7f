# What the camera sees, one message for each class of models/vocabulary.toml that is said; ../en/sights.ftl says more.
#
# Where it is comes first, and the verb is left out, as on signs: "前方斑馬線。"

direction =
    { $direction ->
        [ahead] 前方
        [right] 右邊
        [left] 左邊
       *[none] { "" }
    }

## Place
place-street = 街道。
    .name = 街道
place-residential-street = 住宅街。
    .name = 住宅街
place-shopping-street = 商店街。
    .name = 商店街
place-alley = 巷子。
    .name = 巷子
place-plaza = 廣場。
    .name = 廣場
place-park = 公園。
    .name = 公園
place-car-park = 停車場。
    .name = 停車場
place-station = 車站。
    .name = 車站
place-bus-stop = 公車站。
    .name = 公車站
place-bridge = 橋。
    .name = 橋
place-tunnel = 隧道。
    .name = 隧道
place-construction-site = 工地。
    .name = 工地
place-highway = 快速路。
    .name = 快速路
place-country-road = 鄉間路。
    .name = 鄉間路
place-forest-path = 林間路。
    .name = 林間路
place-stairs = 樓梯。
    .name = 樓梯
place-building-front = 建築正面。
    .name = 建築正面
place-market = 市場。
    .name = 市場
place-waterside = 水邊。
    .name = 水邊
place-open-land = 開闊地。
    .name = 開闊地
place-railway = 鐵路。
    .name = 鐵路
place-yard-or-driveway = 庭院或車道。
    .name = 庭院或車道
place-indoors = 室內。
    .name = 室內

## Surface
surface-paved-sidewalk = { direction }人行道。
    .name = 人行道
surface-asphalt = { direction }柏油路。
    .name = 柏油路
surface-brick-or-cobble = { direction }石磚路。
    .name = 石磚路
surface-cracked-or-broken = { direction }破損路面。
    .name = 破損路面
surface-gravel-or-dirt = { direction }碎石泥土。
    .name = 碎石泥土
surface-grass = { direction }草地。
    .name = 草地
surface-wet-or-puddle = { direction }濕地面。
    .name = 濕地面
surface-snow-or-ice = { direction }雪或冰。
    .name = 雪或冰
surface-tactile-paving = { direction }導盲磚。
    .name = 導盲磚
surface-steps-up = { direction }上行台階。
    .name = 上行台階
surface-steps-down = { direction }下行台階。
    .name = 下行台階
surface-sand = { direction }沙地。
    .name = 沙地
surface-water = { direction }水。
    .name = 水
surface-indoor-floor = { direction }室內地板。
    .name = 室內地板

## Crossing
crossing-zebra-crossing = { direction }斑馬線。
    .name = 斑馬線
crossing-signalised-crossing = { direction }號誌路口。
    .name = 號誌路口
crossing-junction = { direction }路口。
    .name = 路口
crossing-kerb = { direction }路緣。
    .name = 路緣
crossing-kerb-ramp = { direction }路緣斜坡。
    .name = 路緣斜坡
crossing-cycle-lane = { direction }腳踏車道。
    .name = 腳踏車道
crossing-railway = { direction }平交道。
    .name = 平交道

## Obstacle
obstacle-parked-car = { direction }停放汽車。
    .name = 停放汽車
obstacle-bicycle-or-scooter = { direction }單車或機車。
    .name = 單車或機車
obstacle-pole-or-bollard = { direction }桿子或護柱。
    .name = 桿子或護柱
obstacle-bin-or-bags = { direction }垃圾桶或袋。
    .name = 垃圾桶或袋
obstacle-sign-board = { direction }立牌。
    .name = 立牌
obstacle-barrier-or-cones = { direction }路障或三角錐。
    .name = 路障或三角錐
obstacle-bench-or-hydrant = { direction }長椅或消防栓。
    .name = 長椅或消防栓
obstacle-branch-or-bush = { direction }樹枝或樹叢。
    .name = 樹枝或樹叢
obstacle-door-or-gate = { direction }門或柵門。
    .name = 門或柵門
obstacle-manhole-or-pothole = { direction }人孔或坑洞。
    .name = 人孔或坑洞
obstacle-stall-or-cart = { direction }攤位或推車。
    .name = 攤位或推車
obstacle-animal = { direction }動物。
    .name = 動物
obstacle-wall-or-fence = { direction }牆或圍籬。
    .name = 牆或圍籬
obstacle-rubble = { direction }瓦礫。
    .name = 瓦礫

## People
people-few = { direction }幾個人。
    .name = 幾個人
people-crowd = { direction }人群。
    .name = 人群
people-cyclist = { direction }騎車的人。
    .name = 騎車的人

## Traffic
traffic-parked-vehicles = { direction }停放車輛。
    .name = 停放車輛
traffic-moving-vehicles = { direction }行駛車輛。
    .name = 行駛車輛
traffic-heavy-traffic = { direction }車流多。
    .name = 車流多
traffic-bus-or-tram = { direction }公車或電車。
    .name = 公車或電車

## Weather
weather-dry = 乾燥。
    .name = 乾燥
weather-overcast = 陰天。
    .name = 陰天
weather-rain = 下雨。
    .name = 下雨
weather-snow = 下雪。
    .name = 下雪
weather-fog = 有霧。
    .name = 有霧

## Light
light-day = 白天。
    .name = 白天
light-dusk = 黃昏。
    .name = 黃昏
light-night = 夜晚。
    .name = 夜晚
light-indoors = 室內燈光。
    .name = 室內燈光

## The end of what was announced
surface-tactile-paving-ends = 導盲磚結束。
place-tunnel-ends = 隧道結束。
place-construction-site-ends = 工地結束。
