# How several sights become one description. The walker's order: place, ahead, right, left, surface, weather.

describe-ahead = Devant{ " " }: { $things }.
describe-right = À droite{ " " }: { $things }.
describe-left = À gauche{ " " }: { $things }.
describe-in-view = En vue{ " " }: { $things }.
describe-not-sure = Je ne sais pas ce que c'est.

# Between two names of a list, and between two sentences.
describe-comma = { "," }{ " " }
describe-space = { " " }
