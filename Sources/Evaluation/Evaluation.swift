// The Evaluation room.
