# How several sights become one description. The walker's order: place, ahead, right, left, surface, weather.

describe-ahead = Delante: { $things }.
describe-right = A la derecha: { $things }.
describe-left = A la izquierda: { $things }.
describe-in-view = A la vista: { $things }.
describe-not-sure = No sé qué es esto.

# Between two names of a list, and between two sentences.
describe-comma = { "," }{ " " }
describe-space = { " " }
