"""What happens to a call whose client moves to another address."""
