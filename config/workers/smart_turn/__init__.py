"""Smart Turn: whether a speaker is done, from the sound of the turn."""
