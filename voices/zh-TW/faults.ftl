# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = 攝影機沒有畫面，我看不見。
fault-camera-back = 攝影機恢復了，我又看得見。
fault-camera-covered = 攝影機被遮住，我看不見。
fault-too-dark = 太暗了，我看不見。
fault-encoder-late = 我變慢了，說話可能會晚。
fault-encoder-lost = 我認不出任何東西，正在重試。
fault-encoder-back = 我又能辨認東西。
fault-voice-lost = 語音故障，現在換了另一個聲音。
fault-recording-stopped = 錄影停止了，我繼續看。
fault-log-stopped = 記錄停止了，我繼續看。
