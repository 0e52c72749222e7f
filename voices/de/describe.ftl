# How several sights become one description. The walker's order: place, ahead, right, left, surface, weather.

describe-ahead = Voraus: { $things }.
describe-right = Rechts: { $things }.
describe-left = Links: { $things }.
describe-in-view = Im Bild: { $things }.
describe-not-sure = Nicht erkannt, was das ist.

# Between two names of a list, and between two sentences.
describe-comma = { "," }{ " " }
describe-space = { " " }
