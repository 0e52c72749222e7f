# How several sights become one description. The walker's order: place, ahead, right, left, surface, weather.
#
# Where nobody knows on which side a thing is, it is in view.
# Place, surface and weather stand as the sentences of sights.ftl; the rest are lists of names, $things.

describe-ahead = Ahead: { $things }.
describe-right = On the right: { $things }.
describe-left = On the left: { $things }.
describe-in-view = In view: { $things }.
describe-not-sure = Not sure what this is.

# Between two names of a list, and between two sentences.
describe-comma = { "," }{ " " }
describe-space = { " " }
