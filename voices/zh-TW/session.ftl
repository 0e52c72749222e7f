# What the program says of itself.

session-start = Streetscape 已開啟。
session-again = 我剛停住，已重新啟動。
session-again-hung = 我卡住了，已重新啟動。
session-again-crashed = 我當機了，已重新啟動。
session-again-memory = 記憶體滿了，已重新啟動。
# Heard whole within the second that Ctrl-C has.
session-end = 再見。
session-already = Streetscape 已經開著。
session-cannot-start = Streetscape 無法啟動，請求助。

# Of a caregiver's phrases: the file was changed; some of it is of no use on a street; it can't be read.
phrases-taken = 新的語句已啟用。
phrases-taken-in-part = 部分新語句已啟用。
phrases-broken = 語句檔有錯，繼續用舊的。
