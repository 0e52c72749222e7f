# What is answered to a walker who asks, and what the program says of itself at its first start; ../en/controls.ftl says more.

## Repeat, more, around
answer-nothing-said = 我還沒說過話。
answer-seconds-ago = { $count }秒前：{ $said }
answer-minutes-ago = { $count }分鐘前：{ $said }
answer-all-told = 我知道的都說了。
answer-cannot-see = 現在看不見。

## Status
status-hours = { $hours }小時
status-minutes = { $minutes }分鐘
status-walking =
    { $hours ->
        [0] 已走{ status-minutes }。
       *[other] 已走{ status-hours }{ status-minutes }。
    }
status-begun = 剛剛開始。
status-well = 鏡頭和語音都在運作。
status-battery = 電量百分之{ $percent }。

## Toggles: each tells its state
answer-paused = 暫停，不再示警。
answer-still-paused = 仍在暫停，不示警。
answer-resumed = 我又在看了。
answer-volume = 音量百分之{ $percent }。
answer-volume-most = 音量最大。
answer-volume-least = 音量最小。
answer-rate = 每分鐘{ $words }字。
answer-rate-most = 語速最快。
answer-rate-least = 語速最慢。
answer-talk-quiet = 只說擋路的。
answer-talk-normal = 也說地點和地面。
answer-talk-chatty = 認出的都說。
answer-marked = 已記為說錯：{ $said }
answer-unmarked = 沒有記錄，不能標記。

## Help
help-keys-speech = 空白鍵：安靜。輸入鍵：重說。
help-keys-street = A：四周。M：更多。S：狀態。
help-keys-sound = 上下鍵：音量。左右鍵：語速。
help-keys-talk = 加減鍵：多說或少說。
help-keys-rest = P：暫停或恢復。W：說錯了。I：介紹。H：說明。
help-buttons-play = 播放鍵重說。兩下：四周。三下：說明。按住：暫停或恢復。
help-buttons-next = 下一首鍵說更多。兩下：狀態。按住：多說。
help-buttons-previous = 上一首鍵：安靜。兩下：說錯了。按住：少說。
help-buttons-volume = 按住音量鍵，改變語速。
help-commands = 指令是 repeat、more、around、status、help、pause、resume、stop、louder、quieter、chattier、less、faster、slower、wrong、introduce。

## The first start
introduction-what = 歡迎，這裡是 Streetscape。我用鏡頭看路，說出您在哪裡、什麼擋路。
introduction-limits = 我認得街道、台階、障礙和地面。我會漏看，也會說錯。
introduction-crossing = 要不要過街，由您決定，我從不決定。手杖或導盲犬，和耳朵，都要用。
introduction-silence = 就算我沒說話，前面也可能有東西。
introduction-help = 要聽說明，按 H，或按耳機播放鍵三下。空白鍵讓我安靜。
introduction-aim = 鏡頭直立戴在胸前，擺平，別遮住。對準時我會說。
aim-good = 鏡頭已對準。
aim-poor = 還看不出街道。鏡頭請朝前，擺正。

## Settings
settings-broken = 設定檔壞了，改用預設。
settings-unsaved = 設定存不下來。
