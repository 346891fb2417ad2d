"""一刻钟便民服务圈: which services there are, where they are given, how far that is, and what one must bring."""
