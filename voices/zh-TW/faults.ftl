# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = 鏡頭沒畫面，我看不見。
fault-camera-back = 鏡頭恢復，又看得見。
fault-camera-covered = 鏡頭被遮住，我看不見。
fault-too-dark = 太暗了，我看不見。
fault-encoder-late = 我變慢了，話會晚到。
fault-encoder-lost = 認不出東西，正在重試。
fault-encoder-back = 又能辨認東西。
fault-voice-lost = 語音故障，換了聲音。
fault-recording-stopped = 錄影停了，我繼續看。
fault-log-stopped = 記錄停了，我繼續看。
