# What went wrong, in words that tell what the walker can still rely on.

fault-camera-lost = 鏡頭沒畫面，我看不見。
fault-camera-back = 鏡頭恢復，又看得見。
fault-camera-covered = 鏡頭被遮住，我看不見。
fault-too-dark = 太暗了，我看不見。
fault-camera-frozen = 畫面停住了，我看不見。
fault-camera-blurred = 畫面模糊，請擦鏡頭。
fault-camera-on-side = 鏡頭橫倒了，請扶正。
fault-camera-at-sky = 鏡頭朝天，請放低。
fault-camera-at-ground = 鏡頭朝地，請抬高。
fault-sight-back = 又看得見了。
fault-encoder-late = 我變慢了，話會晚到。
fault-encoder-lost = 認不出東西，正在重試。
fault-encoder-back = 又能辨認東西。
fault-voice-lost = 語音故障，換了聲音。
fault-model-damaged = 模型損壞，認不出東西。
fault-voice-back = 聲音斷過，又回來了。
fault-sounds-lost = 沒提示音，半分鐘報一次。
fault-sounds-back = 提示音恢復了。
fault-battery-low = 電量低，我快要停了。
fault-battery-back = 電池充電中。
fault-processor-hot = 機器過熱，我看慢些。
fault-processor-cool = 機器涼了，照常觀看。
fault-clock-jumped = 時鐘變了，我繼續看。
fault-woke = 我休眠過，又在看了。
fault-recording-stopped = 錄影停了，我繼續看。
fault-log-stopped = 記錄停了，我繼續看。
