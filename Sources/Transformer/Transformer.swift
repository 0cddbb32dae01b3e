// The Transformer room.
