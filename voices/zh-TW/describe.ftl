# How several sights become one description. The walker's order: place, ahead, right, left, surface, weather.

describe-ahead = 前方：{ $things }。
describe-right = 右邊：{ $things }。
describe-left = 左邊：{ $things }。
describe-in-view = 看得到：{ $things }。
describe-not-sure = 不確定這是什麼。

# Between two names of a list, and between two sentences.
describe-comma = 、
describe-space = { "" }
