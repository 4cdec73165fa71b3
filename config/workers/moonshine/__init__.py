"""Speech recognition with Moonshine: the model, the queue before it, and the turn of a speaker."""
