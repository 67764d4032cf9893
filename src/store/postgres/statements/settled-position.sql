SELECT ringback.settled_position() AS position
