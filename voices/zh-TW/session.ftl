# What the program says of itself.

session-start = Streetscape 已開啟。
# Heard whole within the second that Ctrl-C has.
session-end = 再見。
session-cannot-start = Streetscape 無法啟動，請找人幫忙。
